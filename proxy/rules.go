package proxy

import (
	"net/netip"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// rules are what one configuration says. They do not change: a request that has
// begun under them is served by them to its end, and whoever asks something else of
// a configuration loads [Proxy.rules] once. See reload.go for how others take their
// place.
type rules struct {
	era       uint64 // counts them
	config    *config.Config
	upstreams map[string]*upstream
	routes    []*route
	refreshes []refresh
	guarded   bool   // some routes guard
	mixed     bool   // some routes have no quick answers
	order     string // which routes there are, and for what: the same for the same ones
}

func (all *rules) add(r *route) {
	all.routes = append(all.routes, r)
	all.guarded = all.guarded || r.guards()
	all.mixed = all.mixed || !r.isForQuick()
	all.refreshes = append(all.refreshes, refreshesOf(r)...)
	all.order += r.Name + "\n" + r.Host + "\n" + r.Path.String() + "\n" + r.sharing + "\n"
}

// find returns the first route that matches, or nil.
func (all *rules) find(host, path []byte) *route {
	host = withoutPort(host)
	for _, r := range all.routes {
		if r.misses(host, path) == nothing {
			return r
		}
	}
	return nil
}

// named returns the route of that name, or nil.
func (all *rules) named(name string) *route {
	for _, r := range all.routes {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// current is a route as the rules of now have it, or as it was if there is none any more
// that is shared in the same way.
func (p *Proxy) current(r *route) *route {
	if now := p.rules.Load().named(r.Name); now != nil && now.share == r.share {
		return now
	}
	return r
}

// trusts reports whether an address is one of trusted_proxies.
func (all *rules) trusts(addr netip.Addr) bool {
	for _, prefix := range all.config.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// terms are those of everybody who is held.
func (all *rules) terms() fanout.Terms {
	return fanout.Terms{Stall: all.config.Timeouts.Write, Rate: writeRate}
}

func feedLimits(l config.Limits) feed.Limits {
	return feed.Limits{Feeds: l.Feeds, Bytes: int64(l.Snapshots)}
}
