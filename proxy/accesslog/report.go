package accesslog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Report is what was found. The names in JSON are a contract.
type Report struct {
	Lines          int64      `json:"lines"`
	Malformed      int64      `json:"malformed"`
	Blank          int64      `json:"blank"`
	Requests       int64      `json:"requests"`
	Polls          int64      `json:"polls"`
	OriginRequests int64      `json:"origin_requests"` // that the origin would get
	SavedRequests  int64      `json:"saved_requests"`  // that it would not
	Bytes          int64      `json:"bytes"`           // that were sent, as far as the log says
	SavedBytes     int64      `json:"saved_bytes"`     // of them, what the origin would not have sent
	Seconds        float64    `json:"seconds"`         // from the first request to the last
	Classes        Classes    `json:"classes"`
	Endpoints      []Endpoint `json:"endpoints"`
	Notes          []string   `json:"notes"`
	Broken         []Broken   `json:"malformed_samples"`

	longest int64 // nanoseconds that an answer to a poll took
}

// Classes are requests by what they are. Together they are all.
type Classes struct {
	Polls    int64 `json:"polls"`
	Health   int64 `json:"health_checks"`
	Crawlers int64 `json:"crawlers"`
	Browsing int64 `json:"browsing"`
	Writes   int64 `json:"writes"`
}

// Endpoint is a pattern of paths.
type Endpoint struct {
	Pattern        string   `json:"pattern"`
	Method         string   `json:"method"` // GET, which includes HEAD, or POST for all others
	Requests       int64    `json:"requests"`
	Polls          int64    `json:"polls"`
	Clients        int64    `json:"clients"`
	Period         float64  `json:"period_seconds"`   // at which clients poll; 0: they do not
	Interval       float64  `json:"interval_seconds"` // at which pollmux would, at most
	OriginRequests int64    `json:"origin_requests"`
	SavedRequests  int64    `json:"saved_requests"`
	OriginRate     float64  `json:"origin_requests_per_second"`
	Rate           float64  `json:"requests_per_second"`
	SavedBytes     int64    `json:"saved_bytes"`
	Cursor         *string  `json:"cursor"` // the parameter that moves on; null: none
	Shareable      bool     `json:"shareable"`
	Reasons        []string `json:"reasons"` // why not, and what else there is to know
	LongPolls      bool     `json:"long_polls"`
	IgnoreQuery    []string `json:"ignore_query"` // parameters that are cache busters, besides "_"
	Coalesced      bool     `json:"coalesced"`    // whether the prediction, and the configuration, coalesces it
}

// complete draws the sums.
func (r *Report) complete(a *analysis) {
	r.Seconds = max(float64(a.last-a.first)/1e9, 0)
	r.Notes = append([]string{}, r.Notes...)
	r.Endpoints = []Endpoint{}
	if r.Broken == nil {
		r.Broken = []Broken{}
	}
	a.tree.all(func(e *endpoint) { r.add(e, a.ladder) })
	slices.SortFunc(r.Endpoints, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(b.SavedRequests, a.SavedRequests), cmp.Compare(b.Polls, a.Polls), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		r.OriginRequests, r.SavedRequests, r.SavedBytes = r.OriginRequests+e.OriginRequests, r.SavedRequests+e.SavedRequests, r.SavedBytes+e.SavedBytes
		if r.Seconds > 0 {
			e.Rate, e.OriginRate = float64(e.Requests)/r.Seconds, float64(e.OriginRequests)/r.Seconds
		}
	}
	r.note(a)
}

// add takes in an endpoint.
func (r *Report) add(e *endpoint, l ladder) {
	r.Bytes += e.bytes
	r.Polls += e.of[polling]
	c := &r.Classes
	c.Polls, c.Health, c.Crawlers = c.Polls+e.of[polling], c.Health+e.of[monitoring], c.Crawlers+e.of[crawling]
	c.Browsing, c.Writes = c.Browsing+e.of[browsing]+e.of[undecided], c.Writes+e.of[writing]
	period := e.periods.middle()
	rung := l.suits(period)
	end := Endpoint{
		Pattern: e.pattern, Method: "GET", Requests: e.requests, Polls: e.of[polling], Clients: e.clients.count(), OriginRequests: e.requests,
		Period: period.Round(10 * time.Millisecond).Seconds(), Interval: l[rung].Seconds(), LongPolls: e.held*2 > e.of[polling] && e.held > 0, IgnoreQuery: []string{},
	}
	if e.method != read {
		end.Method = "POST"
	}
	if name := e.cursor(); name != "" {
		end.Cursor = &name
	}
	end.IgnoreQuery = append(end.IgnoreQuery, e.ignorable()...)
	end.Shareable, end.Reasons = e.shareable()
	if end.Coalesced = end.Shareable && e.isPolled() && e.pattern != "/"+anyMany; end.Coalesced {
		end.SavedRequests, end.SavedBytes = e.saved[rung], e.savedBytes[rung]
		end.OriginRequests -= end.SavedRequests
		r.longest = max(r.longest, e.longest)
	}
	r.Endpoints = append(r.Endpoints, end)
}

// isPolled reports whether polls are a good part of what there is: coalescing an
// endpoint is a promise to all who ask.
func (e *endpoint) isPolled() bool { return e.of[polling] > 0 && e.of[polling]*4 >= e.requests }

// shareable reports whether one answer would do for everybody, as far as a log can
// say, and the reasons why not and what else there is to know.
func (e *endpoint) shareable() (yes bool, reasons []string) {
	yes, reasons = true, []string{}
	no := func(format string, args ...any) { yes, reasons = false, append(reasons, fmt.Sprintf(format, args...)) }
	if e.method != read {
		if e.of[polling] > 0 {
			no("polled by POST: if these only read, add methods: [POST] to the route; pollmux cannot know")
		} else {
			no("writes")
		}
	}
	if e.refused > 1 && e.refused*200 >= e.requests {
		no("%d answers were 401 or 403: it depends on who asks; think of share: authorize", e.refused)
	}
	if e.signed*200 >= e.requests && e.signed > 0 {
		no("%d requests say which user signed in: answers may be that user's", e.signed)
	}
	if urls, clients := e.urls.count(), e.pollers.count(); urls >= 3 && clients >= 3 && e.pairs.count()*10 <= urls*12 {
		no("each client polls a URL of its own: %d URLs, %d clients", urls, clients)
	}
	for _, name := range e.doubtful() {
		often := " in some requests, and something else in others"
		if !e.means(name) {
			often = ", which may mean something to the origin"
		}
		no("the parameter %s is the time or a random number%s: if it makes no difference, add it to key.ignore_query", strconv.QuoteToASCII(name), often)
	}
	if e.of[monitoring]*2 > e.requests {
		no("health checks: their answers must come from the origin")
	}
	if name := e.cursor(); name != "" {
		reasons = append(reasons, fmt.Sprintf("asked with ?%s=: only those share an answer who have read equally far", name))
	}
	if e.held*2 > e.of[polling] && e.held > 0 {
		reasons = append(reasons, "long polls: the origin answers when there is news; give the upstream a timeout that is longer")
	}
	return yes, reasons
}

// note says what has to be known of the figures.
func (r *Report) note(a *analysis) {
	note := func(yes bool, format string, args ...any) {
		if yes {
			r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
		}
	}
	n := max(r.Requests, 1)
	note(true, "a log shows neither cookies nor Authorization, Set-Cookie, Vary or Cache-Control: what these forbid to share is not saved; mode: observe measures it")
	note(a.rough*2 > n, "the log has whole seconds: predictions for intervals of 1s and less are rough")
	note(a.timed*2 < n, "the log does not say how long answers took: polls that would join one under way are counted as requests")
	note(a.tree.merged > 0, "%d path segments with too many values were taken for one \"*\"", a.tree.merged)
	note(a.tree.lost > 0, "%d requests are in %q because there are more than %d endpoints", a.tree.lost, "/"+anyMany, a.tree.most)
	note(a.flows.evicted > 0, "%d clients' URLs were judged before their time because more than %d were active at once: slow polls may be missing", a.flows.evicted, a.flows.most)
	note(a.feeds.evicted > 0, "%d URLs were forgotten before their time because more than %d were active at once: less is predicted to be saved than would be", a.feeds.evicted, a.feeds.most)
	note(a.queue.late > 0, "%d lines were more than %d seconds older than lines before them", a.queue.late, patience)
	note(a.queue.returns > 0, "%d times the dates of the log go back", a.queue.returns)
}
