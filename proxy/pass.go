package proxy

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/tracing"
)

// maxSpare is how large a buffer of a pass may be that is used again.
const maxSpare = 16 << 10

// pass is a passed request under way. One that ended in good order, with nobody
// left who could have kept something of it, is used again for others.
type pass struct {
	proxy  *Proxy
	r      *request
	rules  *rules // by which it was asked for
	route  *route // outlives r
	conn   *conn
	body   *requestBody // nil if the request has none, or a small one
	small  bool         // its body is sent with its head
	cancel func()
	watch  watch
	leash  origin.Leash

	began  time.Time        // when the request came
	number uint64           // its ID
	said   []byte           // that a trusted proxy gave it instead
	span   *tracing.Request // nil unless it is traced
	note   *note            // of an answer that ends after its handler; may be nil

	answer  *origin.Response // has the trailer in the end
	failure error            // that there was instead, until passThrough is told
	over    func()           // called once at the end of the answer; may be nil
	leave   func()           // ends the tenure of who gets the answer; may be nil

	request origin.Request
	buf     []byte // of the head, and later of a small answer

	pull    func()                   // pulls the leash; made once, as are these
	noted   func(what any)           // notes that the watch panicked
	interim func(int, origin.Header) // relays an interim response
}

func (p *Proxy) sparePass() *pass {
	x := &pass{proxy: p, noted: p.watchPanicked}
	x.pull, x.interim = x.leash.Pull, x.relayInterim
	return x
}

// newPass begins to pass a request. cancel interrupts it; nil means what pulling
// the leash interrupts.
func (p *Proxy) newPass(r *request, cancel func()) *pass {
	x := p.spare.Get().(*pass)
	x.r, x.rules, x.route, x.conn, x.cancel = r, r.rules, r.route, r.conn, cancel
	if x.conn == nil {
		x.conn = clientConn(r.ctx.Conn())
	}
	if cancel == nil {
		x.cancel = x.pull
	}
	x.identify(r)
	x.small = r.body == nil && r.head.Length > 0 && r.head.Length <= smallBody
	if r.head.Length != 0 && !x.small {
		x.body = p.bodyOf(r)
	}
	x.watch = watch{lookout: &p.lookout, conn: x.conn, cancel: x.cancel, panicked: x.noted}
	if r.head.Length == 0 {
		x.watch.startSoon(r.now)
	}
	return x
}

// spend gives back what ended in good order. What may still be held by somebody
// is left to the garbage collector.
func (x *pass) spend() {
	if x.body != nil || x.leave != nil || x.over != nil || x.leash.Spread() {
		return
	}
	buf := x.buf
	if cap(buf) > maxSpare {
		buf = nil
	}
	*x = pass{proxy: x.proxy, pull: x.pull, noted: x.noted, interim: x.interim, buf: buf, said: x.said[:0]}
	x.proxy.spare.Put(x)
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

// ask sends the request to the origin.
func (x *pass) ask() (*origin.Response, error) {
	request := x.ownRequest()
	if x.small {
		if err := x.appendBody(); err != nil {
			endConnection(x.r)
			return nil, origin.BodyError(err)
		}
	}
	resp, err := x.route.upstream.passes.Do(&x.leash, request)
	x.span.Passed(statusOf(resp), serverOf(resp).Name())
	return resp, err
}

// statusOf is the status of an answer, 0 if there is none.
func statusOf(resp *origin.Response) int {
	if resp == nil {
		return 0
	}
	return resp.Status
}

// serverOf is which of several servers gave an answer; nil if nobody knows.
func serverOf(resp *origin.Response) *origin.Server {
	if resp == nil {
		return nil
	}
	return resp.From
}

// identify notes what the request is called.
func (x *pass) identify(r *request) {
	x.began = r.began
	if x.number, x.span = r.ownID(), r.span; x.conn != nil && x.conn.shared {
		x.said = append(x.said[:0], said(&r.head)...)
	}
}

// trace begins to trace what becomes of it at the origin.
func (x *pass) trace(r *request) {
	if x.span != nil {
		x.span.Pass(string(r.head.Method), x.route.upstream.address())
	}
}

// ownRequest is the request to the origin, without a small body.
func (x *pass) ownRequest() *origin.Request {
	r, req := x.r, &x.request
	x.trace(r)
	x.buf = x.proxy.appendPassed(x.buf[:0], r, false)
	*req = origin.Request{
		Method:  methodName(r.head.Method),
		Head:    x.buf,
		Timeout: r.route.upstream.Timeout,
		Repeat:  !r.writes() && r.head.IsSafe() && r.head.Length == 0,
		Payer:   x,
	}
	req.Safe = req.Repeat
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

// AskAgain implements origin.Payer.
func (x *pass) AskAgain() bool {
	x.route.account.Passed()
	return true
}

// smallBody is how large a body is at most that is sent with its head. fasthttp
// has read as much before the handler runs, so nobody has to wait for it.
const smallBody = prefetched

// appendBody makes the request whole. What fails is the client's body.
func (x *pass) appendBody() error {
	head, length := len(x.buf), int(x.r.head.Length)
	x.buf = slices.Grow(x.buf, length)[:head+length]
	x.request.Head = x.buf
	_, err := io.ReadFull(x.r.ctx.RequestBodyStream(), x.buf[head:])
	return err
}

// methodName is a method as a string, which for the usual ones is no new one.
func methodName(method []byte) string {
	for _, usual := range usualMethods {
		if string(method) == usual {
			return usual
		}
	}
	return string(method)
}

var usualMethods = [...]string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions}

// relayInterim relays an interim response (RFC 9110 section 15.2). What fasthttp has
// answered before is on its way already: it flushes after each response.
func (x *pass) relayInterim(status int, header origin.Header) {
	b := []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, f := range header {
		if !isHopField(header, f.Name) {
			b = appendLine(b, f.Name, f.Value)
		}
	}
	_, _ = x.conn.Write(append(b, "\r\n"...))
}
