package accesslog

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollmux/pollmux/config"
)

// maxRoutes is how many routes are written at most, those that save most.
const maxRoutes = 1000

// WriteConfig writes a configuration for what was found, complete, and with what each
// route is expected to save. upstream is a URL of the origin; "" leaves that to the
// environment.
func (r *Report) WriteConfig(w io.Writer, upstream string) error {
	if upstream == "" {
		upstream = "${POLLMUX_UPSTREAM:-http://127.0.0.1:9000}"
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# Written by pollmux analyze, from %s requests in %v. Of %s requests, %s would be\n# answered without the origin.\n",
		grouped(r.Requests), r.lasted(), grouped(r.Requests), percent(r.SavedRequests, r.Requests))
	fmt.Fprintf(b, "#\n# A log shows neither cookies nor Authorization. With share: auto, which is the\n# default, requests with credentials share with nobody else; to find out what may be\n# shared, put mode: observe into a route first.\nupstreams:\n  origin:\n    servers: [%q]\n", upstream)
	if timeout := 2 * time.Duration(r.longest); timeout > config.DefaultUpstream().Timeout {
		fmt.Fprintf(b, "    timeout: %v # answers took up to %v\n", min(timeout, time.Hour).Round(time.Second), time.Duration(r.longest).Round(time.Second))
	}
	fmt.Fprintf(b, "\n# The first route that matches decides.\nroutes:\n")
	for _, e := range r.routes() {
		e.writeRoute(b)
	}
	fmt.Fprintf(b, "  # Everything else, unchanged.\n  - path: /**\n    upstream: origin\n    mode: pass\n")
	return b.Flush()
}

// routes are the endpoints that need one, those that are more exact first.
func (r *Report) routes() (routes []*Endpoint) {
	taken := map[string]bool{"/" + anyMany: true}
	var wide []config.Pattern
	add := func(e *Endpoint) {
		if p, err := config.ParsePattern(e.Pattern); err == nil && !taken[e.Pattern] {
			taken[e.Pattern] = true
			routes = append(routes, e)
			if strings.Contains(e.Pattern, anyOne) {
				wide = append(wide, p)
			}
		}
	}
	for i := range r.Endpoints {
		if e := &r.Endpoints[i]; e.Method == "GET" && (e.Coalesced || e.mayNot()) && len(routes) < maxRoutes {
			add(e)
		}
	}
	// What a pattern would take that is not like the rest of it.
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		p, err := config.ParsePattern(e.Pattern)
		if e.Method == "GET" && err == nil && len(routes) < 2*maxRoutes && slices.ContainsFunc(wide, func(o config.Pattern) bool { return o.Covers(p) }) {
			add(e)
		}
	}
	slices.SortStableFunc(routes, func(a, b *Endpoint) int { return exactness(a.Pattern, b.Pattern) })
	return routes
}

// mayNot reports whether polls are found that may not be shared.
func (e *Endpoint) mayNot() bool { return !e.Shareable && e.Polls > 0 && e.Polls*4 >= e.Requests }

// exactness puts the pattern first that has a name where the other has a wildcard.
func exactness(a, b string) int {
	weight := func(seg string) int { return slices.Index([]string{anyOne, anyMany}, seg) + 1 }
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if d := weight(as[i]) - weight(bs[i]); d != 0 {
			return d
		}
		if as[i] != bs[i] {
			return strings.Compare(as[i], bs[i])
		}
	}
	return len(bs) - len(as)
}

func (e *Endpoint) writeRoute(w io.Writer) {
	switch {
	case e.Coalesced:
		fmt.Fprintf(w, "  # %s of %s requests saved, of %s clients; %s polls, every %s.\n", percent(e.SavedRequests, e.Requests), grouped(e.Requests), grouped(e.Clients), grouped(e.Polls), briefly(e.Period))
	case e.mayNot():
		fmt.Fprintf(w, "  # %s polls of %s clients, which may not be shared as they are.\n", grouped(e.Polls), grouped(e.Clients))
	default:
		fmt.Fprintf(w, "  # %s requests, which are no polls.\n", grouped(e.Requests))
	}
	for _, reason := range e.Reasons {
		fmt.Fprintf(w, "  # Note: %s.\n", reason)
	}
	fmt.Fprintf(w, "  - path: %s\n    upstream: origin\n", quoted(e.Pattern))
	switch {
	case e.Coalesced:
		fmt.Fprintf(w, "    interval: %v\n", time.Duration(e.Interval*float64(time.Second)))
		if len(e.IgnoreQuery) > 0 {
			fmt.Fprintf(w, "    key: {ignore_query: [%s]}\n", strings.Join(e.ignored(), ", "))
		}
	case e.mayNot():
		fmt.Fprintf(w, "    mode: observe\n")
	default:
		fmt.Fprintf(w, "    mode: pass\n")
	}
	fmt.Fprintln(w)
}

// ignored are parameters that are cache busters, as a configuration names them.
func (e *Endpoint) ignored() []string {
	names := []string{quoted("_")}
	for _, name := range e.IgnoreQuery {
		names = append(names, quoted(name))
	}
	return names
}

// quoted is a text that YAML reads as it is, and in which no variable is expanded.
func quoted(s string) string {
	return strings.ReplaceAll(strconv.QuoteToASCII(s), "${", "$${")
}
