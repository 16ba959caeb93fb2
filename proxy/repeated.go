package proxy

import (
	"bytes"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// repeated is the last request that a connection was answered quickly. Who polls
// sends the same bytes again and again, and a key is a pure function of them, of the
// route and of what that has learned: it is not made again. It belongs to whoever
// reads from the connection.
type repeated struct {
	raw []byte // "" if it is not to be kept

	// What was made of it, once it has come twice: a client that says something
	// else each time gets nothing of this.
	rules *rules
	route *route
	vary  *share.Vary // nil if nothing was made yet
	key   []byte
	have  []byte // entity tags

	accepted coding.Accepted
}

// maxRepeated is how large a request may be that is kept.
const maxRepeated = 1 << 10

// is reports whether these bytes are the request, of which the key is known by these
// rules.
func (s *repeated) is(raw []byte, by *rules) bool {
	return s.same(raw) && s.vary != nil && s.rules == by
}

func (s *repeated) same(raw []byte) bool { return s != nil && bytes.Equal(s.raw, raw) }

// answerAgain is the answer to a request that came before.
func (p *Proxy) answerAgain(r *request, s *repeated) (a feed.Answer, ok bool) {
	r.route, r.choice = s.route, upgrade.Choice{Transport: upgrade.Poll}
	f := p.feeds.Get(s.key)
	if f == nil {
		return a, false
	}
	a, ok = f.Hit(r.now)
	if ok = ok && a.Update != nil && s.route.share.Vary() == s.vary; ok {
		r.coding, r.unchanged = a.Update.Select(s.accepted, s.have, nil)
	}
	return a, ok
}

// remember keeps a request that was answered quickly.
func (p *Proxy) remember(r *request, raw []byte, a feed.Answer) {
	c := r.conn
	s := c.last
	switch {
	case !c.quick.Load(): // many a client sends one
	case !p.mayRemember(r, raw):
		c.last = nil
	case s == nil:
		c.last = &repeated{raw: bytes.Clone(raw)}
	case s.same(raw):
		s.rules, s.route, s.vary = r.rules, r.route, r.key.Vary()
		s.key, s.have = append(s.key[:0], r.key.Bytes()...), append(s.have[:0], r.have...)
		s.accepted = a.Update.Accepts(r.head.Joined(head.AcceptEncoding))
	default:
		s.raw, s.vary = append(s.raw[:0], raw...), nil
	}
}

// mayRemember reports whether the request has nothing secret, and nothing that is to
// be looked at each time.
func (p *Proxy) mayRemember(r *request, raw []byte) bool {
	return len(raw) <= maxRepeated && r.key.Audience() == share.Everybody && !r.key.Withheld() && !r.head.Has(head.Cookie) &&
		!r.head.Has(head.Credential) && !r.head.Has(head.IfModifiedSince) && !(r.conn.shared && r.rules.config.Limits.ConnectionsPerIP > 0) &&
		!p.isPartOfATrace(r)
}
