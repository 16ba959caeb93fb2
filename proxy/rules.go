package proxy

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// rules are what one configuration says. They do not change: a request that has
// begun under them is served by them to its end, and whoever asks something else of
// a configuration loads [Proxy.rules] once.
type rules struct {
	config    *config.Config
	upstreams map[string]*upstream
	routes    []*route
	refreshes []refresh
	guarded   bool // some routes guard
	mixed     bool // some routes have no quick answers
}

// newRules makes rules of a valid configuration. It fails, and leaves nothing, if a
// file that this names is not good.
func (p *Proxy) newRules(c *config.Config) (*rules, error) {
	all := &rules{config: c, upstreams: map[string]*upstream{}}
	for name, configured := range c.Upstreams {
		u, err := newUpstream(name, configured, p.originTLS, p.agent, p.log)
		if err != nil {
			for _, u := range all.upstreams {
				u.close()
			}
			return nil, err
		}
		all.upstreams[name] = u
	}
	for _, name := range slices.Sorted(maps.Keys(all.upstreams)) {
		u := all.upstreams[name]
		if u.dispatcher != nil {
			p.ledger.Budgeted(u.budget)
		}
		p.ledger.Serving(u.standings)
	}
	for _, r := range c.Routes {
		all.add(p.newRoute(r, all.upstreams[r.Upstream], c.Limits))
	}
	return all, nil
}

// newRoute makes a route with all that belongs to it.
func (p *Proxy) newRoute(r *config.Route, u *upstream, limits config.Limits) *route {
	account := p.ledger.Route(r.Name, r.Interval.Max) // the least that its clients would have sent
	rt := newRoute(r, u, account, p.secret, limits)
	rt.alarm = &alarm{log: p.log, route: r.Name}
	rt.tracer = &pollTracer{p, rt}
	rt.compression = newCompression(r, p.press)
	p.observeRoute(rt, limits)
	return rt
}

func (all *rules) add(r *route) {
	all.routes = append(all.routes, r)
	all.guarded = all.guarded || r.guards()
	all.mixed = all.mixed || !r.isForQuick()
	all.refreshes = append(all.refreshes, refreshesOf(r)...)
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
