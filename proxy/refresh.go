package proxy

import (
	"net/url"
	"strings"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// refresh is a write that polls a route's feeds at once.
type refresh struct {
	method string
	path   config.Pattern
	host   hostPattern
	route  string // whose feeds
}

func refreshesOf(r *route) []refresh {
	var all []refresh
	for _, w := range r.RefreshOn {
		all = append(all, refresh{method: w.Method, path: w.Path, host: r.host, route: r.Name})
	}
	return all
}

// write is a request that changed something at the origin, as far as it matters
// what.
type write struct {
	method             string
	host, path, target []byte           // as the client named them
	known, site        string           // the host as the URLs of feeds have it; the origin
	safe               bool             // by its method: it is a write because a field says so
	resp               *origin.Response // nil if it is not known whether the origin got the request
}

// noteWrite sees to it that nobody who gets to know of a write's answer is
// given what was true before it. It is called before the answer is passed on;
// without one if it is not known whether the origin got the request.
func (p *Proxy) noteWrite(r *request, resp *origin.Response) {
	if !r.writes() || resp != nil && (resp.Status < 200 || resp.Status >= 400) {
		return
	}
	all := p.rules.Load()
	p.noteWriteBy(all, r.route, &r.head, resp)
	if all == r.rules {
		return
	}
	if now := all.routeOf(&r.head); now != nil && now != r.route {
		p.noteWriteBy(all, now, &r.head, resp) // who comes by the rules of now knows it by another name
	}
}

// noteWriteBy is noteWrite of what was written by a route.
func (p *Proxy) noteWriteBy(all *rules, rt *route, h *head.Head, resp *origin.Response) {
	if rt.observed != nil {
		rt.observed.Written(h)
	}
	if p.feeds.Len() == 0 && len(all.refreshes) == 0 {
		return // there is nothing to refresh
	}
	x := write{
		method: string(h.Method), host: h.Host, path: h.Path, target: h.Target, safe: h.IsSafe(),
		known: rt.upstream.knownAs(h), site: rt.site(h), resp: resp,
	}
	own, identity := x.known+string(h.Target), ""
	if rt.coalesces() {
		var key share.Key
		rt.share.Make(&key, h, share.Ask{})
		own, identity = key.Target(), string(key.Identity())
	}
	p.written(all, &x, &feed.Write{Targets: x.targets(own), Identity: identity})
}

// written refreshes what a write changed, and what the configuration says that
// it changed.
func (p *Proxy) written(all *rules, x *write, changed *feed.Write) {
	for _, w := range all.refreshes {
		if w.method == x.method && w.host.matches(withoutPort(x.host)) && w.path.Match(x.path) {
			changed.Routes = append(changed.Routes, w.route)
			all.outdate(w.route)
		}
	}
	changed.Site, changed.Groups = x.site, p.groupsOf(x)
	p.feeds.Written(changed)
}

// groupsOf are the cache groups that the answer says were changed. A safe method
// changes none (RFC 9875 section 3).
func (p *Proxy) groupsOf(x *write) []string {
	if x.resp == nil || x.safe {
		return nil
	}
	groups, whole := origin.ParseGroups(x.resp.Header, origin.CacheGroupInvalidation)
	if !whole {
		p.ledger.LimitHit(feed.LimitGroups)
	}
	return groups
}

// targets are the URL that was written to, and those that the answer names on the
// same host (RFC 9111 section 4.4).
func (x *write) targets(own string) []string {
	all := []string{own}
	if x.resp == nil {
		return all
	}
	for _, name := range []string{"Location", "Content-Location"} {
		if named := x.resolve(x.resp.Header.Get(name)); named != "" {
			all = append(all, x.known+named)
		}
	}
	return all
}

// resolve resolves a reference in the answer. It returns "" unless that leads to
// the same host.
func (x *write) resolve(reference string) string {
	if reference == "" {
		return ""
	}
	base, err := url.Parse("http://" + string(x.host) + string(x.target))
	if err != nil {
		return ""
	}
	if u, err := base.Parse(reference); err == nil && strings.EqualFold(u.Host, base.Host) {
		return u.RequestURI()
	}
	return ""
}
