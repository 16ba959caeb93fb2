package proxy

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// Another configuration takes the place of the one that is in force in one step.
//
//	Prepare   makes rules of it: what is the same as before is the very same object
//	Apply     rules      what begins from now on goes by the new ones
//	          live set   feeds that have a place in them get other terms, the others end
//	          upstreams  what is not used any more is closed
//
// A request that has begun under the old rules is served by them to its end, with three
// exceptions, which are all in favour of the new ones. It gets no feed that has no place
// in them: it begins again, by the new rules (feed.ErrOutdated). What it has written is
// written for those who come by the new rules as well. And who was logged out with it is
// logged out there.

// ErrStopped: the proxy has ended, and takes no configuration any more.
var ErrStopped = errors.New("pollmux is stopping")

// errOvertaken: another one was applied meanwhile.
var errOvertaken = errors.New("another configuration was applied meanwhile; load this one again")

// Reload is a configuration that is ready to take the place of the one in force. One of
// Apply and Abandon has to be called, once.
type Reload struct {
	proxy     *Proxy
	was, next *rules
	witness   *witness // nil if nobody wants to hear
}

// Reload puts the proxy under another configuration, which must not change any more: all
// of it or, if it returns an error, nothing. Listeners are the caller's, as are the log,
// the drain timeout and what is the admin's.
func (p *Proxy) Reload(c *config.Config) (Changes, error) {
	next, err := p.Prepare(c)
	if err != nil {
		return Changes{}, err
	}
	return next.Apply()
}

// Prepare gets a configuration ready to be applied. It changes nothing.
func (p *Proxy) Prepare(c *config.Config) (*Reload, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p.reloading.Lock()
	defer p.reloading.Unlock()
	if p.ended {
		return nil, ErrStopped
	}
	was := p.rules.Load()
	next, err := p.newRules(c, was)
	if err != nil {
		return nil, err
	}
	x := &Reload{proxy: p, was: was, next: next}
	if x.witness, err = p.newWitness(c, p.witness.Load()); err != nil {
		next.closeBut(was)
		return nil, err
	}
	return x, nil
}

// Abandon gives up what was made ready.
func (x *Reload) Abandon() {
	x.next.closeBut(x.was)
	ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
	defer cancel()
	x.proxy.retire(ctx, x.witness, x.proxy.witness.Load())
}

// Apply puts the proxy under the configuration. It fails, and has changed nothing, if
// another one was applied meanwhile, or the proxy has ended.
func (x *Reload) Apply() (Changes, error) {
	changes, err := x.swap()
	if err != nil {
		x.Abandon()
		return changes, err
	}
	x.proxy.hear(x.witness)
	return changes, nil
}

// swap is Apply but for the witness, who may take a while to say what he has heard.
func (x *Reload) swap() (Changes, error) {
	p := x.proxy
	p.reloading.Lock()
	defer p.reloading.Unlock()
	switch {
	case p.ended:
		return Changes{}, ErrStopped
	case p.rules.Load() != x.was:
		return Changes{}, errOvertaken
	}
	changes := changesOf(x.was, x.next)
	p.account(x.next)
	p.limit(x.next.config)
	p.rules.Store(x.next)
	changes.FeedsKept, changes.FeedsRetired = p.feeds.Reform(x.next.era, feedLimits(x.next.config.Limits), x.next.fate)
	for name, u := range x.next.upstreams {
		if was := x.was.upstreams[name]; was != nil && was != u {
			u.succeed(was)
		}
	}
	x.was.closeBut(x.next)
	return changes, nil
}

// newRules makes rules of a valid configuration. was are those before; nil if there were
// none. It fails, and leaves nothing, if a file that the configuration names is not good.
func (p *Proxy) newRules(c *config.Config, was *rules) (*rules, error) {
	if was == nil {
		was = &rules{config: c}
	}
	all := &rules{era: was.era + 1, config: c, upstreams: map[string]*upstream{}}
	for name, configured := range c.Upstreams {
		u, err := p.upstreamOf(name, configured, was.upstreams[name])
		if err != nil {
			all.closeBut(was)
			return nil, err
		}
		all.upstreams[name] = u
	}
	for _, r := range c.Routes {
		former, u := was.named(r.Name), all.upstreams[r.Upstream]
		if former != nil && former.upstream == u && c.Limits.Snapshot == was.config.Limits.Snapshot && reflect.DeepEqual(former.Route, r) {
			all.add(former)
		} else {
			all.add(p.newRoute(r, u, former, c.Limits))
		}
	}
	return all, nil
}

// newRoute makes a route with all that belongs to it. former had its name; nil if none
// has.
func (p *Proxy) newRoute(r *config.Route, u *upstream, former *route, limits config.Limits) *route {
	rt := newRoute(r, u, limits)
	rt.tracer = &pollTracer{p, rt}
	rt.compression = newCompression(r, p.press)
	if former == nil {
		rt.account, rt.alarm = p.ledger.Account(r.Name), &alarm{log: p.log, route: r.Name}
	} else {
		rt.account, rt.alarm = former.account, former.alarm
	}
	if former != nil && former.sharing == rt.sharing {
		rt.share = former.share
	} else {
		rt.share = p.newPolicy(rt)
	}
	p.observeRoute(rt, former, limits)
	return rt
}

// account has the ledger tell of the routes and upstreams that there are.
func (p *Proxy) account(all *rules) {
	var accounts []*ledger.Route
	for _, r := range all.routes {
		r.account.Pace(r.Interval.Max) // the least that its clients would have sent
		r.account.Observes(r.observer())
		accounts = append(accounts, r.account)
	}
	var budgets []func() ledger.Budget
	var serving []func() []ledger.Server
	for _, name := range slices.Sorted(maps.Keys(all.upstreams)) {
		u := all.upstreams[name]
		if u.dispatcher != nil {
			budgets = append(budgets, u.budget)
		}
		serving = append(serving, u.standings)
	}
	p.ledger.Follow(accounts, budgets, serving)
}

// limit sets the limits of what lives as long as the process.
func (p *Proxy) limit(c *config.Config) {
	p.gate.limit(c.Limits, c.Timeouts.Write)
	p.crowd.limit(c.Limits)
	p.register.Limit(c.Limits.Authorizations)
	if p.observer != nil {
		p.observer.Limit(observeLimits(c.Limits))
	}
	p.serveAs(c)
}

// closeBut closes the upstreams that are none of other's.
func (all *rules) closeBut(other *rules) {
	for name, u := range all.upstreams {
		if its := other.upstreams[name]; its != u {
			u.closeBut(its)
		}
	}
}
