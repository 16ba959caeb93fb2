package observe

import (
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
)

// outcome is how a passed request ended.
type outcome struct {
	whole  bool // all of the answer came
	status int
	bytes  int64
	ended  time.Time
	token  uint64 // of what counts of the answer; 0 if it is not known
	tag    uint32 // hash of its entity tag, or of the one that the client named; 0 if there is none
}

// land takes in how a request ended.
func (l *lens) land(g *glance, x *Look, o *outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := answer{began: x.began, ended: o.ended, token: o.token, who: g.who, fields: x.fields}
	if o.tag != 0 && o.whole {
		if a.token == 0 && o.status == 304 {
			a.token = g.resource.named(o.tag)
		} else if a.token != 0 {
			g.resource.tagged(o.tag, a.token)
		}
	}
	if o.whole && g.reason != "" {
		l.account.unshareable[g.reason]++
	}
	if a.token != 0 && !g.learned {
		l.witness(g.resource, a)
		l.warnLocked()
	}
	switch {
	case g.poll == nil:
	case g.leads:
		l.lead(g, o, a)
	default:
		l.follow(g, o, a)
	}
	if a.token != 0 && !g.learned {
		l.ruleOut(g.resource, a)
	}
}

// lead ends a poll. Those who waited for it have been served by it, unless its
// answer is for nobody else.
func (l *lens) lead(g *glance, o *outcome, a answer) {
	p, r := g.poll, g.resource
	early := p.early
	p.early = nil
	switch {
	case !o.whole || g.learned || feed.IsFailing(o.status):
		p.state = lost
		return
	case g.reason != "":
		p.state = lost
		r.alone = o.ended.Add(feed.AloneTime)
		return
	}
	p.state, p.token = shared, a.token
	p.fresh = p.began.Add(l.policy.Interval)
	if at := o.ended.Add(g.floor); at.After(p.fresh) {
		p.fresh = at
	}
	l.account.saved.add(p.waiting)
	for _, e := range early {
		l.compare(r, p, e)
	}
	l.keep(r, a)
}

// follow takes in the end of a request that would have been answered from
// another's answer.
func (l *lens) follow(g *glance, o *outcome, a answer) {
	p := g.poll
	spared := sums{requests: 1, bytes: o.bytes, micros: o.ended.Sub(a.began).Microseconds()}
	switch p.state {
	case flying:
		p.waiting.add(spared)
		if a.token != 0 && len(p.early) < maxEarly {
			p.early = append(p.early, a)
		}
	case shared:
		l.account.saved.add(spared)
		if !g.learned {
			l.compare(g.resource, p, a)
		}
	}
}

// keep makes a record of an answer that others are given.
func (l *lens) keep(r *resource, a answer) {
	if a.token == 0 || r.recordOf(a.token) != nil {
		return
	}
	at := r.slot()
	r.records[at] = &record{answer: a}
}

// fill makes a record of any answer where there is room for one.
func (l *lens) fill(r *resource, a answer) {
	if r.recordOf(a.token) != nil {
		return
	}
	for i, rec := range r.records {
		if rec == nil {
			r.records[i] = &record{answer: a}
			return
		}
	}
}
