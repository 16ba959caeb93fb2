package proxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// candidates are the routes that find tries, and why it goes on.
func (x *explaining) candidates() {
	h := &x.request.head
	host := withoutPort(h.Host)
	found := false
	for i, r := range x.request.rules.routes {
		c := x.candidate(i)
		switch r.misses(host, h.Path) {
		case itsHost:
			c.Why = "its host is " + r.Host
		case itsPath:
			c.Why = "its path is " + r.Path.String()
		case nothing:
			c.Matches, c.Why, found = true, "the first whose host and path match", true
		}
		x.said.Routes = append(x.said.Routes, c)
		if found {
			break
		}
	}
	x.detour(found)
}

// candidate is a route, by its place, of which nothing is said yet.
func (x *explaining) candidate(i int) explain.Candidate {
	rules := x.request.rules
	return explain.Candidate{Name: rules.routes[i].Name, Line: rules.config.RouteLine(i)}
}

// detour says where a request belongs to another route than find finds.
func (x *explaining) detour(found bool) {
	last := len(x.said.Routes) - 1
	switch r := x.request.route; {
	case !found:
	case r == nil:
		x.said.Routes[last].Matches, x.said.Routes[last].Why = false, "the path may lead out of everything that is routed to its origin"
	case r.Name != x.said.Routes[last].Name:
		x.said.Routes[last].Matches, x.said.Routes[last].Why = false, "it matches, but the origin may take the path for one of a route that lets clients in first"
		x.said.Routes = append(x.said.Routes, x.candidate(slices.Index(x.request.rules.routes, r)))
		x.said.Routes[last+1].Matches, x.said.Routes[last+1].Why = true, "what the origin may take the path for is one of its"
	}
}

func (x *explaining) route() {
	r := x.request.route
	x.said.Route = &explain.Route{Name: r.Name, Mode: string(r.Mode), Upstream: r.Upstream}
}

// transport says why the request is served as it is.
func (x *explaining) transport() {
	r := x.request
	t := explain.Transport{Name: r.choice.Transport.String(), Why: x.whyTransport()}
	if r.choice.Transport == upgrade.Longpoll {
		t.WaitSeconds = min(r.choice.Wait, r.route.Wait).Seconds()
	}
	x.said.Transport = &t
}

func (x *explaining) whyTransport() string {
	r := x.request
	named := func(name string) bool { return name != "" && queryValue(r.head.Query, name) != nil }
	switch {
	case r.choice.Transport == upgrade.WebSocket:
		return "it is a WebSocket's handshake"
	case r.choice.Transport == upgrade.Poll && r.head.IsHead():
		return "nobody is held for a HEAD"
	case named(r.route.TransportQuery):
		return "its parameter " + r.route.TransportQuery + " asks for it"
	case r.choice.Accept && r.choice.Transport != upgrade.Poll:
		return "Accept likes it best"
	case r.choice.Transport == upgrade.Longpoll && named(r.route.WaitQuery):
		return "its parameter " + r.route.WaitQuery + " asks to be held"
	case r.choice.Transport == upgrade.Longpoll:
		return "Prefer: wait asks to be held"
	case r.head.IsPost() && r.head.Has(head.Prefer):
		return "a POST is not held as a long poll: there is no 304 to end it with"
	}
	return "nothing in the request asks for more"
}

// sharing says who else gets the answer.
func (x *explaining) sharing() {
	p, r := x.proxy, x.request
	s := &explain.Sharing{With: audiences[r.key.Audience()], Why: x.whyShared(), Vary: slices.Clone(r.route.share.Vary().Names())}
	if s.Vary == nil {
		s.Vary = []string{}
	}
	if x.live && r.route.Share == config.ShareAuthorize {
		letIn := p.register.Holds(r.claim.Claim, r.now)
		s.LetIn = &letIn
	}
	x.said.Sharing = s
}

var audiences = map[share.Audience]string{share.Everybody: "everybody", share.Identified: "identified", share.OneUser: "one-user"}

func (x *explaining) whyShared() string {
	r, parts := x.request, x.said.Parts
	who := strings.Join(parts.Identity, " and ")
	withheld := strings.Join(parts.Withheld, " and ")
	switch {
	case r.route.Share == config.ShareAuthorize:
		return "everybody whom the origin lets in shares one answer; " + x.whomItLetsIn(withheld)
	case r.key.Audience() == share.OneUser:
		return "only requests with the same " + who + " share its answer: as far as credentials can tell, one user's"
	case r.key.Audience() == share.Identified:
		return "only requests with the same " + who + " share its answer; nothing says that these are one user's (they are short, or an application's), so one that says no-store is not shared even so"
	case r.key.Withheld():
		return "everybody who asks for this shares one answer (share: public); " + withheld + " is not sent on the poll"
	}
	return "everybody who asks for this shares one answer: the request has no credentials"
}

// whomItLetsIn says how the origin is asked about a client.
func (x *explaining) whomItLetsIn(credentials string) string {
	r := x.request
	question := "a GET of " + r.route.Authorize.Path
	if r.route.Authorize.Path == "" {
		question = "the resource itself"
	}
	if credentials == "" {
		credentials = "no credentials"
	}
	return fmt.Sprintf("it is asked about each client first, by %s with %s, and again every %v", question, credentials, r.route.Authorize.TTL)
}

// schedule says when the origin would be polled.
func (x *explaining) schedule() {
	r := x.request.route
	s := &explain.Schedule{IntervalSeconds: r.Interval.Min.Seconds(), BudgetPerSecond: float64(r.upstream.Budget), RefreshedBy: []string{}}
	if r.Interval.Max > r.Interval.Min {
		s.MaxIntervalSeconds = r.Interval.Max.Seconds()
	}
	for _, w := range x.request.rules.refreshes {
		if w.route == r.Name {
			s.RefreshedBy = append(s.RefreshedBy, w.method+" "+w.path.String())
		}
	}
	s.RefreshedBy = append(s.RefreshedBy, "writes to its own URL", "POST /api/refresh on the admin listener")
	s.Notes = x.notes()
	x.said.Schedule = s
}

func (x *explaining) notes() []string {
	r := x.request.route
	notes := []string{"while only plain polls come, they cause the poll themselves, at most one per interval"}
	if x.request.choice.Transport != upgrade.Poll {
		notes = []string{"on a timer, for as long as somebody is held"}
	}
	notes = append(notes, "Retry-After, max-age and X-Poll-Interval of the origin lengthen the interval")
	for _, note := range []struct {
		text string
		time time.Duration
	}{
		{"an answer that is up to %v too old is given at once while the next is fetched (stale_while_revalidate)", r.StaleWhileRevalidate},
		{"while the origin fails, the last answer is given for %v more (stale_if_error)", r.StaleIfError},
		{"what was learned is kept for %v after the last client (linger)", r.Linger},
	} {
		if note.time > 0 {
			notes = append(notes, fmt.Sprintf(note.text, note.time))
		}
	}
	return notes
}

// now says what would happen if the request came now. reason is why it would pass, or
// its feed is no use to it.
func (x *explaining) now(reason share.Reason) string {
	f, t := x.said.Feed, x.request.choice.Transport
	switch {
	case reason != "":
		return "it would pass through on its own: " + reason.Sentence()
	case x.said.Sharing.LetIn != nil && !*x.said.Sharing.LetIn:
		return "the origin would be asked whether it lets this client in: it has not said so, or not lately"
	case x.request.head.IsHead() && !f.Exists:
		return "it would pass through, as there is no snapshot"
	case !f.Exists:
		return "nobody has asked with this key of late, host included: it would begin a feed, and cause its first poll"
	case f.Polling && f.FreshSeconds <= 0:
		return "it would wait for the poll that is under way"
	case f.FreshSeconds > 0 && t == upgrade.Poll:
		return "it would be answered at once from the snapshot"
	case f.FreshSeconds > 0:
		return "it would be held by the feed that there is"
	}
	return "it would cause a poll, as the snapshot is older than the interval"
}
