package proxy

import (
	"bytes"
	"time"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// restTime is for how long a long poll that was answered is waited for to be asked
// again, in place of the whole way that a request takes.
const restTime = 5 * time.Second

// maxQuestion is the longest request that is kept for that.
const maxQuestion = 4 << 10

// again lets a long poll's client wait again (upgrade.Again). Whatever a request's
// bytes decide has been decided; the rest is looked at once more. Between two of its
// questions the client is no subscriber. It belongs to who serves the client.
type again struct {
	*subscription
	rules   *rules
	route   *route
	vary    *share.Vary
	resting bool // answered, and not asked again
}

// repeatable is what the client will send if it asks the same again, or nil if the
// next request has to go the whole way: where clients are let in first, where they
// are charged by what each request says, or where this one asks for more than the
// newest version, which it names by a tag, or for another host than its Host: what
// was made of an absolute target is not what would be made of its path.
func repeatable(r *request, s *subscription, tag string) *upgrade.Question {
	h := &r.head
	c := clientConn(r.ctx.Conn())
	switch {
	case s.letIn != nil, c == nil || c.occupies, !h.IsGet(), h.Length != 0, h.HTTP10, h.Close, h.Has(head.CacheControl), h.Has(head.Expect),
		string(h.Get(head.IfNoneMatch)) != tag, !bytes.EqualFold(h.Get(head.Host), h.Host):
		return nil
	}
	asked := append(append(append(r.scratch[:0], "GET "...), h.Target...), " HTTP/1.1\r\n"...)
	for i := range h.Fields {
		asked = appendLine(asked, h.Fields[i].Name, h.Fields[i].Value)
	}
	r.scratch = append(asked, "\r\n"...)
	if len(r.scratch) > maxQuestion {
		return nil
	}
	return upgrade.NewQuestion(bytes.Clone(r.scratch), tag) // no longer than it is: each client has one
}

// Rest is called when the client has its answer.
func (g *again) Rest() {
	g.unsubscribe()
	g.note.noteEnd(fanout.Done)
	g.note.endHeld()
	g.resting = true
}

// Renew makes the client a subscriber again, if its request would be held now. By other
// rules that is to be found out.
func (g *again) Renew() bool {
	now := time.Now()
	if !g.feed.IsLive(now) || g.proxy.Draining() || g.rules != g.proxy.rules.Load() {
		return false
	}
	if g.proxy.crowd.join(g.client, g.feed) != "" {
		return false
	}
	if !g.feed.Subscribe(g.vary) {
		g.proxy.crowd.leave(g.client, g.feed)
		return false
	}
	g.route.account.Requested(upgrade.Longpoll)
	g.account.Back(now)
	g.note.anew(now)
	g.resting = false
	return true
}
