package proxy

import (
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/sock"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// beginLongPoll holds a client that has what there is.
func (p *Proxy) beginLongPoll(r *request, s *subscription, a feed.Answer) {
	wait := min(r.choice.Wait, r.route.Wait)
	closing := r.head.Close || r.head.HTTP10
	coding, _ := r.selects(a.Update)
	options := upgrade.LongPollOptions{
		Have:        a.Update,
		Answer:      upgrade.Answer{CacheStatus: "pollmux; hit; detail=held", Via: via, Held: wait, Coding: coding},
		Accepted:    r.accepts(a.Update),
		StaleStatus: "pollmux; hit; detail=stale-if-error",
		Closing:     closing,
		Delivered:   s.delivered,
	}
	terms := r.rules.terms()
	terms.Hold = shortened(wait)
	if options.Question = repeatable(r, s, a.Update.Tag(coding)); options.Question != nil {
		s.again = &again{subscription: s, rules: r.rules, route: r.route, vary: r.key.Vary()}
		options.Again, terms.Rest = s.again, restTime
	}
	p.takeOver(r, func(c *conn, early []byte) {
		terms.Early = c.unfollow(early) // another request waits behind this one: it is answered at once
		sock.Shed(c.Conn)               // held clients are many, and the engine has its own way
		session := upgrade.NewLongPoll(s.source(), options)
		p.heldFor(s, c, session, terms, func(end fanout.End) { p.afterLongPoll(c, end, session.Early(), closing) })
	}, s.end)
}

// afterLongPoll gives the connection back for the next request.
func (p *Proxy) afterLongPoll(c *conn, end fanout.End, early []byte, closing bool) {
	switch {
	case end != fanout.Done:
	case closing:
		_ = c.Close()
	default:
		p.giveBack(c, early)
	}
}
