package proxy

import (
	"net/url"
	"strings"

	"github.com/pollmux/pollmux/config"
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

// noteWrite sees to it that nobody who gets to know of a write's answer is
// given what was true before it. It is called before the answer is passed on;
// without one if it is not known whether the origin got the request.
func (p *Proxy) noteWrite(r *request, resp *origin.Response) {
	if !r.writes() || resp != nil && (resp.Status < 200 || resp.Status >= 400) {
		return
	}
	p.refreshTargets(r, resp)
	p.refreshRoutes(string(r.head.Method), r.head.Host, r.head.Path)
}

// refreshTargets refreshes the feed of the write's own URL, and of those that
// its answer names on the same host (RFC 9111 section 4.4).
func (p *Proxy) refreshTargets(r *request, resp *origin.Response) {
	if !r.route.coalesces() {
		p.observeWrite(&r.head, r.route)
		return
	}
	var key share.Key
	r.route.share.Make(&key, &r.head, share.Ask{})
	identity := string(key.Identity())
	p.feeds.InvalidateTarget(key.Target(), identity)
	if resp == nil {
		return
	}
	for _, name := range []string{"Location", "Content-Location"} {
		if target := targetOf(resp.Header.Get(name), &r.head); target != "" {
			p.feeds.InvalidateTarget(key.TargetAt(target), identity)
		}
	}
}

// targetOf resolves a reference that answers a request. It returns "" unless
// that leads to the same host.
func targetOf(reference string, h *head.Head) string {
	base, err := url.Parse("http://" + string(h.Host) + string(h.Target))
	if err != nil || reference == "" {
		return ""
	}
	if u, err := base.Parse(reference); err == nil && strings.EqualFold(u.Host, base.Host) {
		return u.RequestURI()
	}
	return ""
}

// refreshRoutes refreshes the feeds of the routes that want to know of a write.
func (p *Proxy) refreshRoutes(method string, host, path []byte) {
	for _, w := range p.refreshes {
		if w.method == method && w.host.matches(withoutPort(host)) && w.path.Match(path) {
			p.feeds.InvalidateRoute(w.route)
			p.outdate(w.route)
		}
	}
}

// Refresh polls the feeds of a path at once, or marks them as outdated where
// nobody is held. It returns how many there are.
func (p *Proxy) Refresh(path string) int {
	return p.feeds.InvalidateWhere(func(target string) bool {
		_, rest, _ := strings.Cut(target, "/")
		own, _, _ := strings.Cut(rest, "?")
		return "/"+own == path || "/"+rest == path
	})
}
