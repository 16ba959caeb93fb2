package observe

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

// lens looks at a route under one policy of sharing.
type lens struct {
	observer *Observer
	room     *room
	policy   *Policy
	share    *share.Policy
	how      config.Share

	mu         sync.Mutex // guards what follows
	resources  map[uint64]*resource
	places     map[uint64]*place
	generation uint64 // writes that change everything
	names      names
	account    account
	warned     bool
}

func newLens(r *Route, p *share.Policy, how config.Share) *lens {
	return &lens{
		observer: r.observer, room: &r.observer.room, policy: &r.policy, share: p, how: how,
		resources: map[uint64]*resource{}, places: map[uint64]*place{}, names: names{},
		account: account{unshareable: map[share.Reason]int64{}},
	}
}

// glance is what one lens sees of one request.
type glance struct {
	resource *resource
	poll     *poll // that the request would have caused or been answered from; nil if neither
	leads    bool  // it would have caused it
	who      uint32
	vary     *share.Vary
	audience share.Audience
	reason   share.Reason  // why its answer may not be shared
	learned  bool          // the answer has changed what keys are made of
	floor    time.Duration // for how long the origin does not want to be asked, if it leads
}

// begin finds out what would become of a request.
func (l *lens) begin(k *share.Key, all *traits, x *Look) glance {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.requests++
	if k.Withheld() {
		l.account.withheld++
	}
	l.names.meet(all)
	r := l.findLocked(k, x.began)
	g := glance{resource: r, who: l.names.who(all), vary: k.Vary(), audience: k.Audience()}
	generation := l.generation + r.place.generation
	switch {
	case x.began.Before(r.alone):
	case r.poll.answers(x.began, generation, l.policy.Timeout):
		g.poll = r.poll
	case !x.head:
		r.poll = &poll{began: x.began, generation: generation}
		g.poll, g.leads = r.poll, true
	}
	return g
}

// findLocked returns the resource of a key.
func (l *lens) findLocked(k *share.Key, now time.Time) *resource {
	id := maphash.Bytes(l.observer.seed, k.Bytes())
	r := l.resources[id]
	if r == nil {
		l.makeRoomLocked(now)
		target := maphash.String(l.observer.seed, k.Target())
		at := l.places[target]
		if at == nil {
			at = &place{id: target}
			l.places[target] = at
		}
		at.resources++
		r = &resource{id: id, place: at, own: k.Audience() != share.Everybody}
		l.resources[id] = r
		l.room.here.Add(1)
	}
	r.used = now
	return r
}

// written notes a write to a URL.
func (l *lens) written(target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.places[maphash.String(l.observer.seed, target)]; at != nil {
		at.generation++
	}
}

// outdate notes a write that changes everything.
func (l *lens) outdate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
}

// refused counts a request that could not be coalesced.
func (l *lens) refused(reason share.Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.requests++
	l.account.unshareable[reason]++
}
