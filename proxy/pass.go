package proxy

import (
	"context"
	"net/http"
	"strconv"

	"github.com/pollmux/pollmux/proxy/origin"
)

// pass is a passed request under way.
type pass struct {
	proxy  *Proxy
	r      *request
	route  *route // outlives r
	conn   *conn
	body   *requestBody // nil if the request has none
	cancel context.CancelFunc
	watch  *watch

	answer *origin.Response // has the trailer in the end
	over   func()           // called once at the end of the answer; may be nil
	leave  func()           // ends the tenure of who gets the answer; may be nil
}

func (p *Proxy) newPass(r *request, cancel context.CancelFunc) *pass {
	x := &pass{proxy: p, r: r, route: r.route, conn: clientConn(r.ctx.Conn()), cancel: cancel}
	if r.head.Length != 0 {
		x.body = p.bodyOf(r)
	}
	x.watch = p.newWatch(x.conn, cancel)
	if x.body == nil {
		x.watch.startSoon()
	}
	return x
}

// spent reports whether the client's connection cannot carry another request,
// as far as that is known while the upload goes on.
func (x *pass) spent(resp *origin.Response) bool {
	return resp.Rejected() || resp.Uploaded() && !x.body.done()
}

// answered tells that the answer is over, before its client can know.
func (x *pass) answered() {
	if x.over != nil {
		x.over()
		x.over = nil
	}
}

// end stops what was started for the request.
func (x *pass) end() {
	x.watch.stop()
	x.cancel()
	if x.leave != nil {
		x.leave()
	}
}

func (x *pass) request() *origin.Request {
	r := x.r
	req := &origin.Request{
		Method:  string(r.head.Method),
		Head:    x.proxy.appendPassed(nil, r, false),
		Timeout: r.route.upstream.Timeout,
		Repeat:  r.head.IsSafe() && r.head.Length == 0,
	}
	if x.body != nil {
		req.Body, req.Length, req.Abandon = x.body, r.head.Length, x.body.abandon
		if r.head.Length < 0 {
			req.Trailer = x.body.trailer
		}
	}
	if !r.head.HTTP10 {
		req.Interim = x.interim
	}
	return req
}

// interim relays an interim response (RFC 9110 section 15.2). What fasthttp has
// answered before is on its way already: it flushes after each response.
func (x *pass) interim(status int, header origin.Header) {
	b := []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, f := range header {
		if !isHopField(header, f.Name) {
			b = appendLine(b, f.Name, f.Value)
		}
	}
	_, _ = x.conn.Write(append(b, "\r\n"...))
}
