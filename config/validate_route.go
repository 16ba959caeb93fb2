package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// routes checks each route, then the routes against each other.
func (v *validator) routes() {
	if len(v.config.Routes) == 0 {
		v.wrong("routes", "is missing; at least one route is needed, such as [{path: /**, upstream: NAME}]")
	}
	for i, r := range v.config.Routes {
		v.route(item("routes", i), r)
	}
	covered := v.coverage()
	v.names(covered)
}

func (v *validator) route(field string, r *Route) {
	if r == nil {
		v.wrong(field, "is nil; start from DefaultRoute")
		return
	}
	if strings.ContainsFunc(r.Name, isControl) {
		v.wrong(field+".name", "%s contains a control character; write a name in one line", quote(r.Name))
	}
	if r.Path.String() == "" {
		v.wrong(field+".path", "is missing; write a pattern such as /api/** (*: one segment, **: any number)")
	}
	v.routeHost(field+".host", r.Host)
	v.routeUpstream(field+".upstream", r.Upstream)
	word(v, field+".mode", r.Mode, []Mode{ModeCoalesce, ModeObserve, ModePass})
	if r.Mode == ModePass {
		v.passOnly(field, r)
		return
	}
	v.coalesce(field, r)
}

func (v *validator) routeHost(field, host string) {
	name, wild := strings.CutPrefix(host, "*.")
	switch _, _, hasPort := splitPort(host); {
	case host == "":
	case strings.Contains(host, "/"):
		v.wrong(field, "%s is a URL; write the host only, as example.com or *.example.com", quote(host))
	case strings.Count(host, ":") > 1 && !strings.Contains(host, "["):
		v.wrong(field, "%s is an IPv6 address without brackets; write it as [::1]", quote(host))
	case hasPort:
		v.wrong(field, "%s has a port, which is not matched; write the host only, as example.com or *.example.com", quote(host))
	case !isHost(name) || wild && !isHostname(name):
		v.wrong(field, "%s is not a host; write example.com, or *.example.com for its subdomains", quote(host))
	case host != strings.ToLower(host):
		v.wrong(field, "%s is not in lower case; write %s", quote(host), strings.ToLower(host))
	}
}

func (v *validator) routeUpstream(field, name string) {
	known := slices.Sorted(maps.Keys(v.config.Upstreams))
	_, defined := v.config.Upstreams[name]
	switch {
	case defined && name != "" || !v.whole("upstreams"):
	case len(known) == 0:
		v.wrong(field, "no upstream is defined; add one under upstreams and name it here")
	case name == "":
		v.wrong(field, "is missing; name one of: %s", strings.Join(known, ", "))
	case closest(name, known) != "":
		v.wrong(field, "%s is not defined under upstreams; did you mean %q?", quote(name), closest(name, known))
	default:
		v.wrong(field, "%s is not defined under upstreams; defined: %s", quote(name), strings.Join(known, ", "))
	}
}

// passOnly reports the keys of a route that only coalescing reads.
func (v *validator) passOnly(field string, r *Route) {
	keys, used := keysOf(reflect.TypeFor[Route]()), []string{"name", "host", "path", "upstream", "mode"}
	values, defaults := reflect.ValueOf(*r), reflect.ValueOf(*DefaultRoute())
	for i, key := range keys {
		if !slices.Contains(used, key) && v.given(field+"."+key, values.Field(i), defaults.Field(i)) {
			v.wrong(field+"."+key, "has no effect with mode: pass; remove it")
		}
	}
}

// given reports whether the file sets a field or, without a file, whether a
// value says that somebody did.
func (v *validator) given(field string, value, byDefault reflect.Value) bool {
	if v.lines != nil {
		_, ok := v.lines[field]
		return ok
	}
	return !value.IsZero() && !reflect.DeepEqual(value.Interface(), byDefault.Interface())
}

// coalesce checks what a coalesced route is told.
func (v *validator) coalesce(field string, r *Route) {
	v.methods(field+".methods", r.Methods)
	v.interval(field+".interval", r.Interval)
	v.weight(field, r)
	v.serve(field+".serve", r.Serve)
	word(v, field+".share", r.Share, Shares())
	v.shareNoStore(field, r)
	v.identity(field, r)
	v.authorize(field, r)
	v.key(field, r)
	for i, pointer := range r.Ignore {
		v.pointer(item(field+".ignore", i), pointer)
	}
	v.changedAt(field, r)
	v.wait(field, r)
	v.waitQuery(field, r)
	v.transportQuery(field, r)
	v.keepalive(field, r)
	v.notNegative(field+".linger", r.Linger)
	v.notNegative(field+".stale_while_revalidate", r.StaleWhileRevalidate)
	v.notNegative(field+".stale_if_error", r.StaleIfError)
	for i, w := range r.RefreshOn {
		v.write(item(field+".refresh_on", i), w)
	}
	v.compress(field, r)
	v.webSocket(field, r)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
