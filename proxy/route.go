package proxy

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/observe"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// route is a configured route, ready to serve.
type route struct {
	*config.Route
	host     hostPattern
	spelled  config.Pattern // matches what an origin may take for one of its paths
	upstream *upstream
	account  *ledger.Route
	ownVary  string // what every answer depends on by configuration
	serve    upgrade.Set
	share    *share.Policy
	sharing  string // what that depends on
	terms    *feed.Terms
	reads    []string // query parameters that pollmux reads itself
	origins  map[string]bool
	alarm    *alarm
	hint     hint
	tracer   *pollTracer

	compression compression
	doubt       doubt
	observed    *observe.Route // nil unless the mode says so
}

// site is the origin of a request, as far as origins are told apart: what its cache
// groups belong to (RFC 9875 section 2.1).
func (r *route) site(h *head.Head) string { return r.Upstream + " " + r.upstream.knownAs(h) }

// baseVary is what every answer of a coalesced route depends on.
const baseVary = "Accept, Prefer, Accept-Encoding"

func newRoute(r *config.Route, u *upstream, limits config.Limits) *route {
	rt := &route{Route: r, host: newHostPattern(r.Host), spelled: spelledPattern(r.Path), upstream: u, ownVary: baseVary, sharing: sharingOf(r, u)}
	for _, t := range r.Serve {
		rt.serve = rt.serve.With(upgrade.ParseTransport(string(t)))
	}
	for _, name := range r.Key.Headers {
		rt.ownVary += ", " + name
	}
	if r.WaitQuery != "" {
		rt.reads = append(rt.reads, r.WaitQuery, r.WaitQuery+"_etag")
	}
	if r.TransportQuery != "" {
		rt.reads = append(rt.reads, r.TransportQuery)
	}
	rt.origins = map[string]bool{}
	for _, o := range r.WebSocket.Origins {
		rt.origins[strings.ToLower(o)] = true
	}
	rt.terms = &feed.Terms{Policy: rt.feedPolicy(limits), Origin: u.polls, Way: u.way, Place: u.place, Dispatcher: u.dispatcher}
	rt.doubt.epoch = time.Now()
	return rt
}

func (r *route) feedPolicy(limits config.Limits) *feed.Policy {
	p := &feed.Policy{
		Interval:             r.Interval.Min,
		MaxInterval:          r.Interval.Max,
		Weight:               r.Weight,
		Timeout:              r.upstream.Timeout,
		Linger:               r.Linger,
		StaleIfError:         r.StaleIfError,
		StaleWhileRevalidate: r.StaleWhileRevalidate,
		Snapshot:             int64(limits.Snapshot),
		Vary:                 r.ownVary,
	}
	p.ChangedAt, _ = feed.ParsePointer(r.ChangedAt) // config has checked
	for _, text := range r.Ignore {
		if pointer, err := feed.ParsePointer(text); err == nil {
			p.Ignore = append(p.Ignore, pointer)
		}
	}
	return p
}

// vary is what every answer depends on: what is configured, and what the origin
// turned out to look at.
func (r *route) vary() string {
	all := r.ownVary
	for _, name := range r.share.Vary().Names() {
		all += ", " + http.CanonicalHeaderKey(name)
	}
	return all
}

// coalesces reports whether the route's polls are shared.
func (r *route) coalesces() bool { return r.Mode == config.ModeCoalesce }

// hostPattern matches a host without its port.
type hostPattern struct {
	exact, suffix string // both empty: any host
}

func newHostPattern(host string) hostPattern {
	host = strings.ToLower(host)
	if suffix, ok := strings.CutPrefix(host, "*"); ok {
		return hostPattern{suffix: suffix}
	}
	return hostPattern{exact: host}
}

// matches expects a host in lower case.
func (p hostPattern) matches(host []byte) bool {
	switch {
	case p.exact != "":
		return string(host) == p.exact
	case p.suffix != "":
		return len(host) > len(p.suffix) && bytes.HasSuffix(host, []byte(p.suffix))
	}
	return true
}

// miss is what of a route a request does not match.
type miss uint8

const (
	nothing miss = iota
	itsHost
	itsPath
)

// misses expects a host without its port, in lower case.
func (r *route) misses(host, path []byte) miss {
	switch {
	case !r.host.matches(host):
		return itsHost
	case !r.Path.Match(path):
		return itsPath
	}
	return nothing
}

// withoutPort expects an authority.
func withoutPort(host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		return host[:i]
	}
	return host
}

// shortened takes up to a sixteenth off a hold, so that those who came together
// do not come back together. It never lengthens one.
func shortened(hold time.Duration) time.Duration { return hold - rand.N(hold/16+1) }
