package proxy

import (
	"bytes"
	"strings"

	"github.com/pollmux/pollmux/proxy/feed"
)

// fate implements feed.Fate: a feed lives on if its route is still there, shares with
// the same clients, and is the one that requests for the resource are for.
func (all *rules) fate(spec *feed.Spec) *feed.Terms {
	r := all.named(spec.Route)
	if r == nil || r.share != spec.Share || !r.coalesces() || spec.Order != all.order && !all.leadsTo(r, spec.Target) {
		return nil
	}
	return r.terms
}

// leadsTo reports whether requests for the resource of one of its feeds are a route's.
func (all *rules) leadsTo(r *route, target string) bool {
	slash := max(strings.IndexByte(target, '/'), 0)
	host := []byte(target[:slash])
	path, _, _ := bytes.Cut([]byte(target[slash:]), []byte{'?'})
	if r.upstream.host != "" {
		return all.leadsAnybodyTo(r, path)
	}
	found := all.find(host, path)
	return found != nil && all.guardOf(found, host, path) == r
}

// leadsAnybodyTo is leadsTo where nobody knows which hosts clients have asked for: the
// upstream is sent one of its own. It is false if that may make a difference.
func (all *rules) leadsAnybodyTo(r *route, path []byte) bool {
	for _, other := range all.routes {
		if other == r {
			return r.Path.Match(path) && !all.mayGuard(r, path)
		}
		if other.Path.Match(path) && other.host.mayMeet(r.host) {
			return false
		}
	}
	return false
}

// mayGuard reports whether another route may guard what a route of its upstream leads
// to.
func (all *rules) mayGuard(r *route, path []byte) bool {
	if r.guards() {
		return false
	}
	for _, other := range all.routes {
		if other.guards() && other.upstream == r.upstream && other.host.mayMeet(r.host) && other.spelled.Match(spelled(path)) {
			return true
		}
	}
	return false
}

// mayMeet reports whether some host matches both patterns.
func (p hostPattern) mayMeet(o hostPattern) bool {
	switch {
	case p == hostPattern{}, o == hostPattern{}:
		return true
	case p.exact != "":
		return o.matches([]byte(p.exact))
	case o.exact != "":
		return p.matches([]byte(o.exact))
	}
	return strings.HasSuffix(p.suffix, o.suffix) || strings.HasSuffix(o.suffix, p.suffix)
}
