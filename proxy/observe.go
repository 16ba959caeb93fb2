package proxy

import (
	"net"
	"net/netip"
	"reflect"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/observe"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// observeRoute begins to observe a route, if that is its mode, or goes on if it has been
// observed under the same terms. p.reloading is held.
func (p *Proxy) observeRoute(r, former *route, limits config.Limits) {
	if r.Mode != config.ModeObserve {
		return
	}
	if p.observer == nil {
		p.observer = observe.New(observeLimits(limits), p.log)
	}
	policy := r.terms.Policy
	if former != nil && former.observed != nil && former.share == r.share && reflect.DeepEqual(former.terms.Policy, policy) {
		r.observed = former.observed
		return
	}
	r.observed = p.observer.Route(observe.Policy{
		Route: r.Name, Interval: r.Interval.Min, Timeout: r.upstream.Timeout, Snapshot: policy.Snapshot, Ignore: policy.Ignore,
		Share: r.Share, Configured: r.share, Public: publicPolicy(r, p.secret),
	})
}

func observeLimits(l config.Limits) observe.Limits {
	return observe.Limits{Resources: l.Feeds, Body: int64(l.Snapshot)}
}

// observer is who observes the route; nil if nobody does.
func (r *route) observer() ledger.Observer {
	if r.observed == nil {
		return nil
	}
	return r.observed
}

// publicPolicy is the route's policy as it would be with share: public; nil if
// identities are not part of its keys anyway.
func publicPolicy(r *route, secret share.Secret) *share.Policy {
	switch r.Share {
	case config.SharePublic, config.ShareAuthorize:
		return nil
	}
	public := *r.Route
	public.Share = config.SharePublic
	return share.NewPolicy(r.Name, &public, r.upstream.host, secret)
}

// What the route would refuse: a transport; and who sends no credentials.
const (
	reasonNotServed share.Reason = "not-served"
	reasonLacks     share.Reason = "no-credentials"
	reasonPost      share.Reason = "post-not-observed"
)

// observe takes note of a request that is about to be passed on. It changes
// nothing of what becomes of it.
func (p *Proxy) observe(r *request) {
	o := r.route.observed
	if o == nil {
		return
	}
	reason := r.route.share.Coalescable(&r.head)
	switch {
	case reason != "":
		o.Refused(reason)
	case r.head.Length != 0:
		o.Refused(reasonPost) // its body would be part of the key, and streams by
	case r.head.Upgrade:
		o.Refused(share.ReasonUpgrade) // what is said in it cannot be compared
	case p.negotiate(r) != nil:
		o.Refused(reasonNotServed)
	case p.lacks(r):
		o.Refused(reasonLacks)
	default:
		r.look = o.Begin(&r.head, r.ask, p.observedClient(r), r.now)
	}
}

// lacks reports whether the route would ask for credentials.
func (p *Proxy) lacks(r *request) bool {
	if r.route.Share != config.ShareIdentity {
		return false
	}
	r.route.share.Make(&r.key, &r.head, r.ask)
	return r.key.Lacks()
}

// observedClient is who the origin is told that the client is.
func (p *Proxy) observedClient(r *request) observe.Client {
	var c observe.Client
	if tcp, ok := r.ctx.RemoteAddr().(*net.TCPAddr); ok {
		c.Peer = netip.AddrPortFrom(tcp.AddrPort().Addr().Unmap(), tcp.AddrPort().Port())
	}
	if c.Trusted = r.trustsPeer(); !c.Trusted {
		return c
	}
	for _, name := range []string{"x-forwarded-for", "forwarded"} {
		for value := range r.head.Lookup(name) {
			c.Way += "\n" + string(value)
		}
	}
	return c
}

// observeAnswer looks at the answer as it passes; nil is none.
func (r *request) observeAnswer(resp *origin.Response) {
	switch {
	case r.look == nil:
	case resp == nil:
		r.look.Failed(time.Now())
	default:
		resp.Body = r.look.Tap(resp)
	}
}

// outdate does for an observed route what refresh_on does for feeds.
func (all *rules) outdate(name string) {
	for _, r := range all.routes {
		if r.observed != nil && r.Name == name {
			r.observed.Outdate()
		}
	}
}
