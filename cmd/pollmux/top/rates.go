package top

import (
	"math"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// row is a route, or all of them, as it is shown: counts since the start, and what
// came lately in a second, of which nothing is known (NaN) until there are two
// readings.
type row struct {
	name  string
	total ledger.RouteStats

	clients, origin     float64 // requests that the origin would get without pollmux, and gets
	saved               float64 // share of the former that is saved, or would be; NaN of none
	observed            bool    // it would be
	updates, deliveries float64
	errors, alone       float64
}

// span is how many readings rates are taken over: enough to be steady, and few enough
// to be of now.
const span = 4

// history is the latest readings, the oldest first. It is never changed.
type history []ledger.Stats

// with adds a reading. One of a process that was restarted begins anew.
func (h history) with(s ledger.Stats) history {
	if n := len(h); n > 0 && s.UptimeSeconds <= h[n-1].UptimeSeconds {
		h = nil
	}
	kept := append(history{}, h[max(0, len(h)-span+1):]...)
	return append(kept, s)
}

// latest is the newest reading.
func (h history) latest() ledger.Stats { return h[len(h)-1] }

// rows are the routes of the latest reading, and all of them together.
func (h history) rows() (routes []row, all row) {
	now := h.latest()
	lately, seconds := now.Since(h[0])
	if len(h) < 2 {
		seconds = 0
	}
	for i := range now.Routes {
		routes = append(routes, newRow(now.Routes[i], lately.Routes[i], seconds))
	}
	return routes, newRow(now.Totals, lately.Totals, seconds)
}

func newRow(total, lately ledger.RouteStats, seconds float64) row {
	rate := func(n int64) float64 { return perSecond(n, seconds) }
	r := row{
		name: shown(total.Name), total: total, clients: rate(lately.WithoutPollmux()), origin: rate(lately.WithPollmux()),
		updates: rate(lately.Updates), deliveries: rate(lately.Deliveries), errors: rate(lately.UpstreamErrors),
		alone: rate(sum(lately.Unshared)),
	}
	r.saved = 1 - r.origin/r.clients // NaN of nothing
	if o := lately.Observed; o != nil && total.Name != "totals" {
		r.observed, r.saved = true, float64(o.WouldSaveRequests)/float64(o.Requests)
	}
	if math.IsInf(r.saved, 0) {
		r.saved = math.NaN()
	}
	return r
}

func perSecond(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return math.NaN()
	}
	return float64(n) / seconds
}

func sum(counts map[string]int64) (n int64) {
	for _, m := range counts {
		n += m
	}
	return n
}
