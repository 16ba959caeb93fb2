package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// upstreams checks each upstream, and that some route uses it.
func (v *validator) upstreams() {
	used, all := v.usedUpstreams()
	for _, name := range slices.Sorted(maps.Keys(v.config.Upstreams)) {
		field := child("upstreams", name)
		if !isName(strings.ReplaceAll(name, ".", "_")) {
			v.wrong(field, "has a name that is not made of letters, digits, \"_\", \"-\" and \".\"; rename it")
		}
		if all && !used[name] {
			v.wrong(field, "is not used by any route; name it in one, or remove it")
		}
		v.upstream(field, name, v.config.Upstreams[name])
	}
}

// usedUpstreams returns the upstreams that routes name or, as far as one can
// tell, meant to name, and whether that is all of them.
func (v *validator) usedUpstreams() (used map[string]bool, all bool) {
	used, all = map[string]bool{}, v.whole("routes") && len(v.config.Routes) > 0
	known := slices.Sorted(maps.Keys(v.config.Upstreams))
	for i, r := range v.config.Routes {
		if r == nil || r.Upstream == "" || !v.sound(item("routes", i)+".upstream") {
			all = false // it may have meant any
			continue
		}
		used[r.Upstream] = true
		if !slices.Contains(known, r.Upstream) {
			used[closest(r.Upstream, known)] = true
		}
	}
	return used, all
}

func (v *validator) upstream(field, name string, u *Upstream) {
	if u == nil {
		v.wrong(field, "is nil; start from DefaultUpstream")
		return
	}
	servers := field + ".servers"
	if len(u.Servers) == 0 {
		v.wrong(servers, "is missing; name a server, as [\"http://host:port\"] or [\"https://host\"]")
	}
	for i, s := range u.Servers {
		if v.server(item(servers, i), s); s == nil {
			continue
		}
		if j := slices.IndexFunc(u.Servers[:i], func(other *url.URL) bool { return other != nil && isSameServer(s, other) }); j >= 0 {
			v.wrong(item(servers, i), "is the same server as %s; name each one once", item("servers", j))
		}
	}
	v.positive(field+".timeout", u.Timeout)
	v.budget(field+".budget", name, u.Budget)
	if u.Host != "" && !isHostPort(u.Host) {
		v.wrong(field+".host", "%s is not a host; write example.com or example.com:8080", quote(u.Host))
	}
	v.health(field+".health", u.Health)
	v.upstreamTLS(field+".tls", u)
}

// isSameServer reports whether two URLs lead to the same place.
func isSameServer(a, b *url.URL) bool { return a.Scheme == b.Scheme && place(a) == place(b) }

// place is host and port, as a URL may leave that unsaid.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = u.Scheme
	}
	port = strings.NewReplacer("https", "443", "http", "80").Replace(port)
	return strings.ToLower(u.Hostname()) + " " + port
}

// server checks an origin. What may be a secret in it is not quoted.
func (v *validator) server(field string, u *url.URL) {
	const want = "write http://host:port or https://host"
	switch {
	case u == nil:
		v.wrong(field, "is nil; %s", want)
	case strings.Contains(u.String(), "@"):
		v.wrong(field, "contains an \"@\", and a user name or password is not sent; %s", want)
	case u.Scheme != "http" && u.Scheme != "https":
		v.wrong(field, "%s does not begin with http:// or https://; %s", quote(u.String()), want)
	case u.Host == "" || !isHostPort(u.Host):
		v.wrong(field, "has the host %s, which is not valid; %s", quote(u.Host+u.Opaque), want)
	case u.Path != "" && u.Path != "/":
		v.wrong(field, "has the path %s, but requests keep their own; %s", quote(u.Path), want)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		v.wrong(field, "has a query or a fragment, but requests keep their own; %s", want)
	}
}
