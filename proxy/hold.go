package proxy

import (
	"net/http"
	"net/netip"
	"os"

	"github.com/pollmux/pollmux/proxy/authorize"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/sock"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// subscription is what a held client holds on to besides its connection.
type subscription struct {
	proxy   *Proxy
	feed    *feed.Feed
	account *ledger.Subscriber
	client  netip.Addr // that the feed is charged to

	note  *note  // of a client that somebody wants to hear of; otherwise nil
	letIn *letIn // where clients are let in first; otherwise nil
	again *again // of a long poll that may be asked again; nil if it may not
}

// letIn is that a client is let in for as long as it is held.
type letIn struct {
	lender *feed.Lender
	tenure *authorize.Tenure
}

// end gives everything back.
func (s *subscription) end() {
	if s.again == nil || !s.again.resting {
		s.unsubscribe()
		s.note.endHeld()
	}
	s.leave()
	s.feed.Release()
}

// unsubscribe ends what subscribing began, but for the reference to the feed. The
// account is last: a place that the figures show free may be taken.
func (s *subscription) unsubscribe() {
	s.proxy.crowd.leave(s.client, s.feed)
	s.feed.Unsubscribe()
	s.account.Left()
}

// delivered is told of each update that was written to the client.
func (s *subscription) delivered(u *upgrade.Update) {
	s.account.Delivered(u)
	s.feed.Delivered(u)
	if s.note != nil {
		s.note.delivered.Add(1)
	}
}

// leave ends what enter began.
func (s *subscription) leave() {
	if s.letIn != nil {
		s.feed.Unlend(s.letIn.lender)
		s.letIn.tenure.Leave()
	}
}

// enter has the client let in for as long as it is held, if it has to be.
func (s *subscription) enter(r *request) {
	if tenure := s.proxy.tenure(r); tenure != nil {
		s.letIn = &letIn{lender: s.proxy.lender(r, tenure), tenure: tenure}
		s.feed.Lend(s.letIn.lender)
	}
}

// source is what the client sees of the feed.
func (s *subscription) source() upgrade.Source {
	if s.letIn == nil {
		return s.feed
	}
	return &tenant{Source: s.feed, tenure: s.letIn.tenure}
}

// watch has the client looked at when the origin no longer lets it in, whatever the
// feed says.
func (s *subscription) watch(h fanout.Held) {
	if s.letIn != nil {
		s.letIn.tenure.OnOver(h.Wake)
	}
}

// hold makes the client a subscriber, unless its question can be answered at
// once. held says that the subscriber has taken over the reference to the feed.
func (p *Proxy) hold(r *request, f *feed.Feed, a feed.Answer) (held bool, err error) {
	t := r.choice.Transport
	u := a.Update
	switch {
	case t == upgrade.Longpoll && !r.knows(u),
		t != upgrade.WebSocket && u != nil && u.Status >= http.StatusBadRequest:
		p.answerPoll(r, a)
		return false, nil
	case t == upgrade.WebSocket && !u.HasSnapshot():
		// The origin may know what a WebSocket is here; it has no snapshot.
		p.pass(r, noSnapshot)
		return false, nil
	case t != upgrade.Longpoll && u != nil && u.HasSnapshot() && !u.Representable(t):
		r.route.account.Requested(t)
		p.refuse(r, newProblem(http.StatusNotAcceptable, "the snapshot cannot be told as "+t.String()))
		return false, nil
	}
	s := &subscription{proxy: p, feed: f, client: p.watcher(r)}
	if limit := p.crowd.join(s.client, f); limit != "" {
		p.withoutHold(r, a, limit)
		return false, nil
	}
	s.enter(r)
	if !f.Subscribe(r.key.Vary()) {
		s.leave()
		p.crowd.leave(s.client, f)
		return false, errAgain
	}
	p.begin(r, s, a)
	return true, nil
}

// begin takes over the connection of a subscriber.
func (p *Proxy) begin(r *request, s *subscription, a feed.Answer) {
	account, t := r.route.account, r.choice.Transport
	account.Requested(t)
	if t != upgrade.Longpoll && a.Update != nil && !a.Caused {
		p.saved(r, a, false)
	}
	s.account = account.Held(t)
	r.answer = answerHeld
	s.note = p.laterHeld(r, heldStatus(t))
	switch t {
	case upgrade.Longpoll:
		p.beginLongPoll(r, s, a)
	case upgrade.WebSocket:
		p.beginSocket(r, s)
	default:
		p.beginStream(r, s, a)
	}
}

// heldStatus is what a client is answered that is held.
func heldStatus(t upgrade.Transport) int {
	if t == upgrade.WebSocket {
		return http.StatusSwitchingProtocols
	}
	return http.StatusOK
}

// heldFor hands the connection of a subscriber to the engine, and goes on with
// after when that is done with it.
func (p *Proxy) heldFor(s *subscription, c *conn, session fanout.Session, terms fanout.Terms, after func(fanout.End)) {
	c.linger.Store(false) // or closing it might block
	held := p.engine.Hold(c, session, terms, func(end fanout.End) {
		s.note.noteEnd(end)
		s.end()
		if end == fanout.Stuck {
			c.tookNothing()
		}
		after(end)
	})
	s.watch(held)
}

// tookNothing counts a client that the engine gave up.
func (c *conn) tookNothing() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.noteStuck(os.ErrDeadlineExceeded)
}

// beginStream holds a client of SSE, NDJSON or multipart.
func (p *Proxy) beginStream(r *request, s *subscription, a feed.Answer) {
	options := upgrade.StreamOptions{
		Kind:      r.choice.Transport,
		Alias:     r.choice.Alias,
		Doubt:     a.Err != nil,
		HTTP10:    r.head.HTTP10,
		Picture:   r.choice.Picture,
		Resume:    resumeFrom(r),
		Fields:    p.streamFields(r, s.feed, a),
		Delivered: s.delivered,
	}
	options.Coding, options.Press = r.streamCoding()
	terms := r.rules.terms()
	terms.Beat = r.route.Keepalive
	p.takeOver(r, func(c *conn, _ []byte) {
		c.unfollow(nil) // nothing that comes is answered
		session := upgrade.NewStream(s.source(), options)
		boundUnsent(c.Conn)
		sock.Shed(c.Conn) // the engine has its own way, and nobody else comes after it
		p.heldFor(s, c, session, terms, func(end fanout.End) { p.afterStream(c, session, end) })
	}, s.end)
}

// afterStream closes the connection, in a way that tells whether the client has
// everything.
func (p *Proxy) afterStream(c *conn, session *upgrade.Stream, end fanout.End) {
	switch {
	case end != fanout.Done:
	case session.Complete():
		_ = c.Close()
	default:
		c.abort()
	}
}

// resumeFrom copies the ID of the version that an EventSource has.
func resumeFrom(r *request) []byte {
	if r.choice.Transport != upgrade.SSE {
		return nil
	}
	id := r.head.Get(head.LastEventID)
	if id == nil {
		id = queryValue(r.head.Query, lastEventParam)
	}
	if len(id) > maxEventID {
		return nil
	}
	return append([]byte(nil), id...)
}

// maxEventID is the longest Last-Event-ID that can be one of ours.
const maxEventID = 128

// streamFields are the fields of a stream's head that depend on the feed.
func (p *Proxy) streamFields(r *request, f *feed.Feed, a feed.Answer) []upgrade.Field {
	vary := r.route.vary()
	var fields []upgrade.Field
	if u := f.Latest().Update; u != nil {
		vary, fields = u.Vary, u.CORS()
	}
	status := "pollmux; fwd=miss; detail=origin-failed"
	if a.Update != nil {
		status = cacheStatus(a)
	}
	return append(fields, upgrade.Field{Name: "Vary", Value: vary},
		upgrade.Field{Name: "Cache-Status", Value: status}, upgrade.Field{Name: "Via", Value: via})
}
