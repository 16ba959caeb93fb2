package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// methods checks which requests are coalesced.
func (v *validator) methods(field string, methods []string) {
	const allowed = "allowed: GET, which includes HEAD, and POST where it only reads"
	if len(methods) == 0 {
		v.wrong(field, "names no method; %s", allowed)
	}
	seen := map[string]bool{}
	for i, m := range methods {
		switch at := item(field, i); {
		case seen[m]:
			v.wrong(at, "%s is given twice; write it once", quote(m))
		case m == "GET", m == "HEAD", m == "POST":
		case isStandardMethod(m):
			v.wrong(at, "%s cannot be coalesced; %s", quote(m), allowed)
		default:
			v.wrong(at, "%s is not a known method; %s", quote(m), allowed)
		}
		seen[m] = true
	}
	if seen["HEAD"] && !seen["GET"] && v.sound(field) {
		v.wrong(field, "names HEAD without GET; add GET: a HEAD is answered from what a GET has fetched")
	}
}

// serve checks the transports.
func (v *validator) serve(field string, serve []Transport) {
	if len(serve) == 0 {
		v.wrong(field, "names no transport; allowed: %s", strings.Join(transportNames(), ", "))
	}
	seen := map[Transport]bool{}
	for i, t := range serve {
		if seen[t] {
			v.wrong(item(field, i), "%s is given twice; write it once", quote(string(t)))
			continue
		}
		seen[t] = true
		word(v, item(field, i), t, Transports())
	}
}

func transportNames() []string {
	var names []string
	for _, t := range Transports() {
		names = append(names, string(t))
	}
	return names
}

// lacks reports whether a route leaves all these transports out, and meant to.
func (v *validator) lacks(field string, r *Route, transports ...Transport) bool {
	served := func(t Transport) bool { return slices.Contains(r.Serve, t) }
	return !slices.ContainsFunc(transports, served) && v.sound(field+".serve")
}

// wait checks the longest hold of a long poll.
func (v *validator) wait(route string, r *Route) {
	field := route + ".wait"
	v.atLeast(field, r.Wait, time.Second)
	if v.lacks(route, r, Longpoll) && v.given(field, reflect.ValueOf(r.Wait), reflect.ValueOf(DefaultRoute().Wait)) {
		v.wrong(field, "has no effect without longpoll in serve; remove it, or add longpoll")
	}
}

// keepalive checks the longest silence on a stream. A WebSocket has pings, and
// a long poll ends before it is silent for too long.
func (v *validator) keepalive(route string, r *Route) {
	field := route + ".keepalive"
	v.atLeast(field, r.Keepalive, time.Second)
	if v.lacks(route, r, SSE, NDJSON, Multipart) && v.given(field, reflect.ValueOf(r.Keepalive), reflect.ValueOf(DefaultRoute().Keepalive)) {
		v.wrong(field, "has no effect without sse, ndjson or multipart in serve; remove it, or add one of them")
	}
}

// waitQuery checks the parameter that stands in for Prefer: wait.
func (v *validator) waitQuery(route string, r *Route) {
	field := route + ".wait_query"
	if r.WaitQuery == "" || !v.parameter(route, field, r, r.WaitQuery, r.WaitQuery, r.WaitQuery+"_etag") {
		return
	}
	if v.lacks(route, r, Longpoll) {
		v.wrong(field, "has no effect without longpoll in serve; remove it, or add longpoll")
	}
}

// transportQuery checks the parameter that stands in for Accept.
func (v *validator) transportQuery(route string, r *Route) {
	field := route + ".transport_query"
	if r.TransportQuery == "" || !v.parameter(route, field, r, r.TransportQuery, r.TransportQuery) {
		return
	}
	if r.TransportQuery == r.WaitQuery || r.TransportQuery == r.WaitQuery+"_etag" {
		v.wrong(field, "%s is read by wait_query; choose another name", quote(r.TransportQuery))
	}
}

// parameter checks the name of a query parameter that pollmux reads itself, and
// that the names it stands for get as far as that.
func (v *validator) parameter(route, field string, r *Route, name string, read ...string) bool {
	if strings.Trim(name, nameCharacters+".") != "" {
		v.wrong(field, "%s is not the plain name of a parameter; letters, digits, \"_\", \"-\" and \".\" are allowed", quote(name))
		return false
	}
	for _, name := range read {
		if r.Key.IgnoreQuery.Match(name) && v.sound(route+".key.ignore_query") {
			v.wrong(field, "%s is dropped by key.ignore_query (default: _); choose another name", quote(name))
			break
		}
	}
	return true
}
