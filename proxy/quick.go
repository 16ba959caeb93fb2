package proxy

import (
	"bytes"
	"net"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade"
)

// A poll that a snapshot answers is answered before fasthttp sees it, on the bytes
// that were read for it. What fasthttp would do for such a request, which is to
// parse it a second time, to move three deadlines and to put the answer together
// field by field, costs as much as everything else but the two system calls.
//
//	         a whole GET, alone          answered from a snapshot
//	client ──────────────────► quick ──────────────────────────► client
//	                             │ anything else, untouched
//	                             └──────► Follower ──► fasthttp ──► handle
//
// A request that is only passed on is passed on here as well: see passQuick.
//
// It decides by what decides in handle, in the same order, and only ever to answer:
// whatever there is to say against that, handle finds out again and says it.

// firstSize is how large the first request of a connection may be to be answered
// quickly.
const firstSize = 4 << 10

// readQuick reads up to a request that is fasthttp's to answer, and answers those in
// front of it. p is where fasthttp wants it; for the first request of a connection
// it wants one byte, so as to have no buffer while it waits.
func (c *conn) readQuick(p []byte) (n int, err error) {
	buf := p
	if len(p) == 1 {
		lent := c.gate.firsts.Get().(*[firstSize]byte)
		defer c.gate.firsts.Put(lent)
		buf = lent[:]
	}
	for {
		if n, err = c.wait(buf); n == 0 || err != nil {
			break
		}
		answered, failed := c.gate.quick(c, buf[:n])
		if failed != nil {
			return 0, failed
		}
		if !answered {
			c.last = nil
			break
		}
	}
	if len(p) < n {
		c.held = bytes.Clone(buf[len(p):n])
	}
	return copy(p, buf[:n]), err
}

// mayBeQuick reports whether what comes next begins a request of a client that
// nothing is said against yet.
func (c *conn) mayBeQuick() bool {
	return c.gate != nil && c.gate.quick != nil && !c.plain && len(c.held) == 0 && c.over == "" &&
		c.request == nil && c.state.Load() == connIdle
}

// quick answers a request that was read from a connection at once, if it can. What
// it has not answered, it has not touched. After an error the connection is over.
func (p *Proxy) quick(c *conn, raw []byte) (answered bool, err error) {
	all := p.rules.Load()
	if !bytes.HasPrefix(raw, []byte("GET /")) || len(raw) > int(all.config.Limits.RequestHeader) || !all.mayLeadToQuick(raw) || !c.state.CompareAndSwap(connIdle, connQuick) {
		return false, nil
	}
	defer func() {
		if v := recover(); v != nil {
			p.panicked("a client was dropped", v)
			_ = c.end()
			answered, err = false, net.ErrClosed
		}
	}()
	r := p.quicks.Get().(*request)
	defer p.releaseQuick(r)
	r.conn, r.rules, r.now = c, all, time.Now()
	r.began, r.told = r.now, false
	answered, err = p.answerQuick(r, raw)
	if answered {
		c.isQuick()
	}
	switch {
	case c.asked.Load() == nil && c.state.CompareAndSwap(connQuick, connIdle):
		return answered, err
	case !answered: // it is for fasthttp to answer first, even if it was to be closed meanwhile
		c.state.Store(connBusy)
		return false, nil
	}
	_ = c.end()
	return true, net.ErrClosed
}

// isQuick notes that the connection is answered quickly. See closeQuick.
func (c *conn) isQuick() {
	if !c.quick.Load() {
		c.quick.Store(true)
	}
}

// releaseQuick gives back a request that was used for nothing else, ever: what is not
// set anew each time, is never set.
func (p *Proxy) releaseQuick(r *request) {
	r.conn, r.rules, r.route, r.have, r.ask.Query = nil, nil, nil, nil, nil
	r.number, r.span, r.again, r.answer, r.reason = 0, nil, nil, "", ""
	p.quicks.Put(r)
}

// answerQuick answers a request if it can.
func (p *Proxy) answerQuick(r *request, raw []byte) (answered bool, err error) {
	r.conn.used.Store(int64(r.now.Sub(p.gate.epoch)))
	var a feed.Answer
	switch s := r.conn.last; {
	case p.Draining():
		return false, nil
	case s.is(raw, r.rules):
		r.again = raw
		a, answered = p.answerAgain(r, s)
	case !p.isWhole(r, raw):
		return false, nil
	case r.route.passesQuickly():
		return p.passQuick(r)
	default:
		if a, answered = p.answerFirst(r); answered {
			p.remember(r, raw, a)
		}
	}
	if answered {
		if err = p.writeQuick(r, a); p.witness.Load() != nil {
			p.tellQuick(r, &a)
		}
	}
	return answered, err
}

// isWhole reads a request, and reports whether nothing is said against it so far.
func (p *Proxy) isWhole(r *request, raw []byte) bool {
	if !r.head.ParseWhole(raw) || r.head.Close || r.head.Upgrade {
		return false
	}
	r.route = r.rules.routeOf(&r.head)
	if r.route == nil || !r.route.isForQuick() || p.checkRequest(r) != nil {
		return false
	}
	p.trace(r)
	return true
}

// answerFirst finds the answer to a request that nothing is known of yet.
func (p *Proxy) answerFirst(r *request) (a feed.Answer, ok bool) {
	if r.route.share.Coalescable(&r.head) != "" || p.negotiate(r) != nil || r.choice.Transport != upgrade.Poll {
		return a, false
	}
	if r.route.share.Make(&r.key, &r.head, r.ask); r.key.Lacks() || !p.hasPlace(r) {
		return a, false
	}
	f := p.feeds.Get(r.key.Bytes())
	if f == nil {
		return a, false
	}
	a, ok = f.Hit(r.now)
	if ok = ok && a.Update != nil && r.key.Current(); ok {
		r.coding, r.unchanged = r.selects(a.Update)
	}
	return a, ok
}

// mayLeadToQuick reports whether the path of a request is one of a route with quick
// answers, on some host: what is fasthttp's in any case is not parsed for nothing.
func (all *rules) mayLeadToQuick(raw []byte) bool {
	if !all.mixed {
		return true
	}
	target, _, _ := bytes.Cut(raw[len("GET "):], []byte{' '})
	path, _, _ := bytes.Cut(target, []byte{'?'})
	for _, r := range all.routes {
		if r.isForQuick() && r.Path.Match(path) {
			return true
		}
	}
	return false
}

// isForQuick reports whether quick is of any use to a route.
func (r *route) isForQuick() bool { return r.mayBeQuick() || r.passesQuickly() }

// mayBeQuick reports whether nobody has to be asked about the clients of a route.
func (r *route) mayBeQuick() bool { return r.coalesces() && r.Share != config.ShareAuthorize }

// hasPlace reports whether a client behind a trusted proxy would be let in: it is
// charged for no longer than it takes to look.
func (p *Proxy) hasPlace(r *request) bool {
	if !p.occupy(r, r.conn) {
		return false
	}
	p.vacate(r.conn)
	return true
}

// quickCopy is how much of a body is copied behind its head, to be one write with
// it. The rest of a larger one is shared.
const quickCopy = 16 << 10

// writeQuick writes the answer that was found.
func (p *Proxy) writeQuick(r *request, a feed.Answer) error {
	answer := pollAnswer(r, a)
	body := answer.Body()
	r.sent = len(body)
	begin := min(len(body), quickCopy)
	r.out = append(answer.AppendHead(r.out[:0]), body[:begin]...)
	p.accountPoll(r, a, r.unchanged)
	_ = r.conn.SetReadDeadline(r.now.Add(r.rules.config.Timeouts.Idle)) // Read fails if this did
	_, err := r.conn.writeAt(r.now, r.out)
	if err == nil && begin < len(body) {
		_, err = r.conn.Write(body[begin:])
	}
	return err
}
