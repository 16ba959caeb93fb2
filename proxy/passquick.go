package proxy

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

// passQuick passes a whole GET on before fasthttp sees it, and answers if the answer
// is small and has come as a whole. With any other, or none, the request goes on to
// fasthttp, and what came of it to passThrough: nothing is asked twice.
//
//	          small answer
//	passQuick ────────────────────────────────────────► client
//	    │ anything else: conn.asked
//	    └──────► fasthttp ──► handle ──► passThrough ──► client
func (p *Proxy) passQuick(r *request) (answered bool, err error) {
	if r.writes() || !p.occupy(r, r.conn) {
		return false, nil
	}
	r.conn.isQuick()
	_ = r.conn.SetReadDeadline(r.now.Add(r.rules.config.Timeouts.Idle)) // as in headerReceived
	x := p.newPass(r, nil)
	if x.answer, x.failure = x.ask(); x.failure != nil || !x.answerQuick() {
		r.conn.asked.Store(x)
		return false, nil
	}
	r.route.account.Requested(upgrade.Pass)
	r.route.account.Passed()
	p.vacate(r.conn)
	_ = r.conn.SetReadDeadline(r.now.Add(r.rules.config.Timeouts.Idle)) // Read fails if this did
	_, err = r.conn.writeAt(r.now, r.out)
	p.tell(r, r.status, r.sent)
	return true, err
}

// passesQuickly reports whether the route's requests are for passQuick.
func (r *route) passesQuickly() bool { return !r.coalesces() && r.observed == nil }

// answerQuick makes the answer, and ends the pass. It reports false, and has done
// nothing, if the answer is not as a quick one has to be.
func (x *pass) answerQuick() bool {
	r, resp := x.r, x.answer
	if resp.Status == http.StatusResetContent || resp.Status == http.StatusSwitchingProtocols {
		return false
	}
	body, whole := resp.ReadWhole(x.buf[:0], maxWhole)
	if !whole {
		return false
	}
	x.proxy.noteLogout(r, resp)
	r.server = resp.From
	r.out = append(appendPassedHead(r.out[:0], resp, len(body)), body...)
	r.answer, r.status, r.sent = answerPass, resp.Status, len(body)
	x.buf = body
	x.end()
	resp.Recycle()
	x.spend()
	return true
}

// appendPassedHead writes what relayHead has fasthttp write, on a route that does
// not coalesce.
func appendPassedHead(b []byte, resp *origin.Response, length int) []byte {
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(resp.Status), 10)
	b = append(append(append(b, ' '), fasthttp.StatusMessage(resp.Status)...), "\r\n"...)
	for i := range resp.Header {
		if f := &resp.Header[i]; !isHopField(resp.Header, f.Name) && !strings.EqualFold(f.Name, "Date") {
			b = appendLine(b, f.Name, f.Value)
		}
	}
	b = appendLine(appendLine(b, "Date", dateOf(resp)), "Via", viaOf(resp.HTTP10))
	if resp.Status != http.StatusNoContent && resp.Status != http.StatusNotModified {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(length), 10), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// asked returns what passQuick has asked for a request, or asks now.
func (p *Proxy) asked(r *request) (x *pass, resp *origin.Response, err error) {
	if c := clientConn(r.ctx.Conn()); c != nil {
		if x = c.asked.Swap(nil); x != nil && p.isAsked(r, x) {
			x.r = r
			return x.told(x.answer, x.failure)
		}
		x.drop()
	}
	x = p.newPass(r, nil)
	return x.told(x.ask())
}

// told has the request know which server answered.
func (x *pass) told(resp *origin.Response, err error) (*pass, *origin.Response, error) {
	x.r.server = serverOf(resp)
	return x, resp, err
}

// isAsked reports whether a pass is what the request would be, which then has its ID
// and its trace.
func (p *Proxy) isAsked(r *request, x *pass) bool {
	began, number, span := r.began, r.number, r.span
	r.number, r.span = x.number, x.span
	if r.began = x.began; x.route == r.route && bytes.Equal(p.appendPassed(nil, r, false), x.request.Head) {
		return true
	}
	r.began, r.number, r.span = began, number, span
	return false
}

// dropAsked drops what passQuick has asked if nobody has wanted it.
func (c *conn) dropAsked() {
	if c.asked.Load() != nil {
		c.asked.Swap(nil).drop()
	}
}

// drop ends a pass whose answer nobody gets; nil is none.
func (x *pass) drop() {
	if x == nil {
		return
	}
	x.end()
	if x.answer != nil && x.answer.Body != nil {
		_ = x.answer.Body.Close()
	}
}
