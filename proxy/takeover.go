package proxy

import (
	"errors"
	"net"
)

// errAhead ends the reading of what fasthttp has read ahead.
var errAhead = errors.New("nothing more was read ahead")

// takeOver takes the client's connection from fasthttp once the handler has
// returned, with nothing written to it. run is given the bytes that were read
// ahead, and must not wait for the client; skipped is called instead if the
// connection ends first. Exactly one of them is called.
//
// Nothing of the request may be used by either: it belongs to another by then.
func (p *Proxy) takeOver(r *request, run func(c *conn, early []byte), skipped func()) {
	c := clientConn(r.ctx.Conn())
	p.gate.hold(c)
	guarded := func() {
		defer p.recovered(nil)
		skipped()
	}
	c.handover.Store(&guarded)
	r.ctx.HijackSetNoResponse(true)
	r.ctx.Hijack(func(hijacked net.Conn) {
		if c.handover.Swap(nil) == nil {
			return
		}
		defer p.recovered(c)
		run(c, readAhead(c, hijacked))
	})
}

// readAhead returns what fasthttp holds in its buffer for the connection.
func readAhead(c *conn, hijacked net.Conn) []byte {
	c.ahead.Store(true)
	defer c.ahead.Store(false)
	var early []byte
	var buf [512]byte
	for {
		n, err := hijacked.Read(buf[:])
		if early = append(early, buf[:n]...); err != nil {
			return early
		}
	}
}

// giveBack lets fasthttp go on with a connection that was taken over. early is all
// that has come since. Its client has not been told that the proxy is stopping: that
// is for the next answer.
func (p *Proxy) giveBack(c *conn, early []byte) {
	c.held, c.plain = early, false // nobody has followed it
	p.vacate(c)
	p.gate.serve(c)
	back := &resumed{conn: c, idle: p.rules.Load().config.Timeouts.Idle}
	p.goServe(c, func() { _ = p.server.Load().ServeConn(back) })
}
