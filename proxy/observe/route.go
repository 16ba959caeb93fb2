package observe

import (
	"net/netip"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/share"
)

// Route observes one route. Its methods may be called concurrently.
type Route struct {
	observer *Observer
	policy   Policy
	lenses   []*lens // as configured; and as if public, if that is another
}

// Policy is what a route says of its feeds.
type Policy struct {
	Route    string // name, for the log
	Interval time.Duration
	Timeout  time.Duration // of a poll
	Snapshot int64         // the largest body that is shared; 0: no limit
	Ignore   []feed.Pointer

	Share      config.Share
	Configured *share.Policy
	Public     *share.Policy // the same with share: public; nil if it is
}

// Client is who asks, as far as an origin can tell from outside of the request's
// fields.
type Client struct {
	Peer    netip.AddrPort // the other end of its connection
	Trusted bool           // what it says of its way is passed on
	Way     string         // the addresses that it says; "" if it is not trusted
}

// Route begins to observe a route.
func (o *Observer) Route(p Policy) *Route {
	r := &Route{observer: o, policy: p}
	r.lenses = append(r.lenses, newLens(r, p.Configured, p.Share))
	if p.Public != nil {
		r.lenses = append(r.lenses, newLens(r, p.Public, config.SharePublic))
	}
	return r
}

// Refused counts a request that could not be coalesced, and why.
func (r *Route) Refused(reason share.Reason) {
	for _, l := range r.lenses {
		l.refused(reason)
	}
}

// Begin takes note of a request that could be coalesced, before it is passed on.
// The Look has to be ended, by [Look.Failed] or by closing what [Look.Tap]
// returns; nil is none.
func (r *Route) Begin(h *head.Head, ask share.Ask, c Client, now time.Time) (x *Look) {
	r.observer.guard(func() { x = r.begin(h, ask, c, now) })
	return x
}

func (r *Route) begin(h *head.Head, ask share.Ask, c Client, now time.Time) *Look {
	look := &Look{route: r, began: now, head: h.IsHead(), coded: acceptsCoding(h)}
	look.tags = h.Joined(head.IfNoneMatch)
	look.hash.SetSeed(r.observer.seed)
	var all traits
	all.collect(r.observer, h, c)
	look.fields = all.fields()
	key := r.observer.keys.Get().(*share.Key)
	defer r.observer.keys.Put(key)
	for i, l := range r.lenses {
		l.share.Make(key, h, ask)
		look.glances[i] = l.begin(key, &all, look)
	}
	look.tags = append([]byte(nil), look.tags...) // the request's own bytes are another's when it ends
	return look
}

// Written takes note of a write to the URL of a request.
func (r *Route) Written(h *head.Head) {
	key := r.observer.keys.Get().(*share.Key)
	defer r.observer.keys.Put(key)
	for _, l := range r.lenses {
		l.share.Make(key, h, share.Ask{})
		l.written(key.Target())
	}
}

// Outdate takes note of a write that changes everything.
func (r *Route) Outdate() {
	for _, l := range r.lenses {
		l.outdate()
	}
}

// Observed implements ledger.Observer.
func (r *Route) Observed() ledger.Observed {
	seen := r.lenses[0].report()
	if len(r.lenses) > 1 {
		public := r.lenses[1].report()
		seen.IfPublic = &public
	}
	return seen
}
