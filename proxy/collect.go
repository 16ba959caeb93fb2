package proxy

import (
	"io"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// bodyOf is the body of a request that has one, for whoever reads it to its end.
func (p *Proxy) bodyOf(r *request) *requestBody {
	if r.body == nil {
		r.body, r.bodyTaken = p.newRequestBody(r, clientConn(r.ctx.Conn())), true
	}
	return r.body
}

// collectBody reads the body of a request that only reads, of which it is part of
// the key. It reports false if the request has been dealt with: its body is cut,
// or so large that it passes through.
func (p *Proxy) collectBody(r *request) bool {
	b := p.bodyOf(r)
	body, err := io.ReadAll(io.LimitReader(b, share.MaxBody+1))
	b.again = body
	switch {
	case err != nil:
		p.passFailed(r, b, origin.BodyError(err))
		return false
	case len(body) > share.MaxBody:
		p.pass(r, share.ReasonBodySize)
		return false
	case !b.done():
		endConnection(r)
	}
	r.collected = body
	return true
}
