package proxy

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// passThrough sends the client's own request to the origin, once, and relays
// the answer. Neither body is collected.
func (p *Proxy) passThrough(r *request, reason share.Reason) {
	r.route.account.Passed()
	if r.head.IsWebSocket() && r.head.IsGet() && r.head.Length == 0 {
		p.passUpgrade(r, reason)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	pass := p.newPass(r, cancel)
	resp, err := r.route.upstream.passes.Do(ctx, pass.request())
	if err != nil {
		pass.end()
		p.passFailed(r, pass, err)
		return
	}
	p.noteWrite(r, resp)
	p.relay(r, pass, resp, reason)
}

// passFailed answers when there is no response. The origin may have got the
// request all the same.
func (p *Proxy) passFailed(r *request, pass *pass, err error) {
	r.route.account.PassFailed()
	p.log.Warn("a passed request failed", "route", r.route.Name, "error", err)
	p.noteWrite(r, nil)
	refused := problemOf(err)
	if pass.body != nil && pass.body.tooLarge {
		refused = tooLarge()
	}
	if pass.body != nil && !pass.body.whole {
		// What is left of it must not be taken for the next request.
		refused.hangUp()
		lingerOn(r.ctx.Conn())
	}
	p.refuse(r, refused)
}

// pass is a passed request under way.
type pass struct {
	proxy  *Proxy
	r      *request
	conn   *conn
	body   *requestBody // nil if the request has none
	cancel context.CancelFunc
	watch  *watch
}

func (p *Proxy) newPass(r *request, cancel context.CancelFunc) *pass {
	x := &pass{proxy: p, r: r, conn: clientConn(r.ctx.Conn()), cancel: cancel}
	if r.head.Length != 0 {
		x.body = p.newRequestBody(r, x.conn)
		r.bodyTaken = true
	}
	x.watch = newWatch(x.conn, cancel)
	if x.body == nil {
		x.watch.startSoon()
	}
	return x
}

// end stops what was started for the request.
func (x *pass) end() {
	x.watch.stop()
	x.cancel()
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

// appendPassed writes the head of a passed request: what the client sent, field
// by field, without what was meant for this hop, and with what a proxy adds.
func (p *Proxy) appendPassed(b []byte, r *request, upgrading bool) []byte {
	h := &r.head
	b = append(append(append(b, h.Method...), ' '), h.Target...)
	b = appendLine(append(b, " HTTP/1.1\r\n"...), "Host", r.route.upstream.hostFor(h))
	for i := range h.Fields {
		if f := &h.Fields[i]; passes(h, f) {
			b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
		}
	}
	b = p.appendForwarding(b, h, p.peerOf(r))
	switch {
	case upgrading:
		b = append(b, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case h.Length < 0:
		b = append(appendTrailerNames(b, h), "Transfer-Encoding: chunked\r\n"...)
	case h.Has(head.ContentLength):
		b = appendLine(b, "Content-Length", strconv.FormatInt(h.Length, 10))
	}
	return append(b, "\r\n"...)
}

// passes reports whether a client's field goes to the origin.
func passes(h *head.Head, f *head.Field) bool {
	switch f.Is {
	case head.Host, head.ContentLength, head.TransferEncoding, head.Connection, head.HopByHop, head.Upgrade, head.Expect:
		return false
	}
	return !h.Nominated(f.Name) && !replacesField(f)
}

// appendTrailerNames announces the trailer fields that the client announced.
func appendTrailerNames(b []byte, h *head.Head) []byte {
	for value := range h.Lookup("trailer") {
		b = append(append(append(b, "Trailer: "...), value...), "\r\n"...)
	}
	return b
}

// hostFor is the Host that the origin is sent.
func (u *upstream) hostFor(h *head.Head) string {
	switch {
	case u.host != "":
		return u.host
	case len(h.Host) > 0:
		return string(h.Host)
	}
	return u.Servers[0].Host
}

// relay answers with the origin's response.
func (p *Proxy) relay(r *request, x *pass, resp *origin.Response, reason share.Reason) {
	p.relayHead(r, resp, reason)
	if resp.Rejected() {
		// The origin did not want the rest of the body, so it is still
		// coming.
		r.ctx.SetConnectionClose()
		lingerOn(r.ctx.Conn())
	}
	noBody := r.head.IsHead() || resp.Length == 0
	switch {
	case noBody:
		_ = resp.Body.Close()
		x.end()
	case r.head.HTTP10 && resp.Length < 0:
		p.relayToClose(r, x, resp)
	default:
		p.relayBody(r, x, resp)
	}
}

// relayHead copies status and fields. Repeated lines stay as they are.
func (p *Proxy) relayHead(r *request, resp *origin.Response, reason share.Reason) {
	out := &r.ctx.Response
	out.SetStatusCode(resp.Status)
	out.Header.DisableNormalizing() // names stay as the origin spells them
	for _, f := range resp.Header {
		if !isHopField(resp.Header, f.Name) {
			out.Header.Add(f.Name, f.Value)
		}
	}
	if !resp.Header.Has("Date") {
		out.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	for _, f := range p.addedFields(r, resp, reason) {
		out.Header.Add(f.Name, f.Value)
	}
	if r.head.IsHead() || resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified {
		out.SkipBody = true
		if n, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && r.head.IsHead() {
			out.Header.SetContentLength(n)
		}
	}
}

// addedFields are what a passed answer says besides the origin's own fields.
func (p *Proxy) addedFields(r *request, resp *origin.Response, reason share.Reason) []upgrade.Field {
	fields := []upgrade.Field{{Name: "Via", Value: via}}
	if !r.route.coalesces() {
		return fields
	}
	status := "pollmux; fwd=bypass; detail=" + string(reason)
	if reason == share.ReasonMethod {
		status = "pollmux; fwd=method"
	}
	return append(fields, upgrade.Field{Name: "Cache-Status", Value: status}, upgrade.Field{Name: "Vary", Value: r.route.vary})
}

// isHopField reports whether a response field is not for the client: it is
// about the connection to the origin, or Connection says so.
func isHopField(h origin.Header, name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding",
		"Upgrade", "Content-Length", "Http2-Settings":
		return true
	}
	return h.HasToken("Connection", name)
}

// passKept relays the response to a poll that this client caused and that is
// for nobody else. Nothing more is sent to the origin.
func (p *Proxy) passKept(r *request, a feed.Answer) {
	account := r.route.account
	account.Requested(upgrade.Pass)
	account.Unshared(string(a.Alone))
	x := p.newPass(r, func() { _ = a.Kept.Close() })
	resp := *a.Kept.Response
	resp.Body = a.Kept
	p.relay(r, x, &resp, a.Alone)
}
