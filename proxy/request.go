package proxy

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// request is one client's request while its handler runs. It is used again for
// others, and nothing of it may be kept.
type request struct {
	ctx   *fasthttp.RequestCtx
	head  head.Head
	key   share.Key
	route *route
	now   time.Time

	bodyTaken bool // somebody reads the body to its end, or has closed the connection

	choice upgrade.Choice
	ask    share.Ask
	have   []byte // entity tags that the client has, nil if it does not say
}

func (p *Proxy) acquire(ctx *fasthttp.RequestCtx) *request {
	r := p.requests.Get().(*request)
	*r = request{ctx: ctx, head: r.head, key: r.key, now: time.Now()}
	return r
}

func (p *Proxy) releaseRequest(r *request) {
	r.ctx, r.route = nil, nil
	p.requests.Put(r)
}
