package ledger

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// Stats is what GET /api/stats answers.
type Stats struct {
	Totals  RouteStats       `json:"totals"`
	Routes  []RouteStats     `json:"routes"`
	Budgets []Budget         `json:"budgets"` // of the upstreams that have one
	Servers []Server         `json:"servers"` // of all upstreams
	Limits  map[string]int64 `json:"limit_hits"`
	Config  Config           `json:"config"`

	// TakenAt is when this was read, UptimeSeconds for how long the account has been
	// kept by then, and Connections how many of clients there were.
	TakenAt       time.Time `json:"taken_at"`
	UptimeSeconds float64   `json:"uptime_seconds"`
	Connections   int64     `json:"connections"`

	// StaleFeeds are those whose last poll failed. The ledger does not know them: it is
	// filled in by who does.
	StaleFeeds int64 `json:"stale_feeds"`
}

// RouteStats is the account of a route, or of all together.
type RouteStats struct {
	Name                   string           `json:"name"`
	IntervalSeconds        float64          `json:"interval_seconds,omitempty"` // at which clients would poll; not in the totals
	ClientRequests         ClientRequests   `json:"client_requests"`
	UpstreamRequests       UpstreamRequests `json:"upstream_requests"`
	UpstreamNotModified    int64            `json:"upstream_not_modified"`
	UpstreamErrors         int64            `json:"upstream_errors"`
	SavedRequestsMeasured  int64            `json:"saved_requests_measured"`
	SavedRequestsEstimated int64            `json:"saved_requests_estimated"`
	SavedBytes             int64            `json:"saved_bytes"`
	SavedOriginSeconds     float64          `json:"saved_origin_seconds"`
	Feeds                  int64            `json:"feeds"`
	Subscribers            Subscribers      `json:"subscribers"`
	Updates                int64            `json:"updates"`
	Deliveries             int64            `json:"deliveries"`
	StalenessSeconds       Quantiles        `json:"staleness_seconds"`
	DeliverySeconds        Quantiles        `json:"delivery_seconds"`
	Unshared               map[string]int64 `json:"unshared"`
	Observed               *Observed        `json:"observed,omitempty"` // of routes in mode observe
}

// ClientRequests are counted by the transport that was asked for.
type ClientRequests struct {
	Poll      int64 `json:"poll"`
	Longpoll  int64 `json:"longpoll"`
	SSE       int64 `json:"sse"`
	NDJSON    int64 `json:"ndjson"`
	Multipart int64 `json:"multipart"`
	WebSocket int64 `json:"websocket"`
	Pass      int64 `json:"pass"`
}

// UpstreamRequests are counted by why they were sent.
type UpstreamRequests struct {
	Poll      int64 `json:"poll"`
	Authorize int64 `json:"authorize"`
	Pass      int64 `json:"pass"`
}

// Subscribers are those who are held now.
type Subscribers struct {
	Longpoll  int64 `json:"longpoll"`
	SSE       int64 `json:"sse"`
	NDJSON    int64 `json:"ndjson"`
	Multipart int64 `json:"multipart"`
	WebSocket int64 `json:"websocket"`
}

// Quantiles of a histogram, in seconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Stats reads the whole account. It is not one instant's: counters go on while
// it is read.
func (l *Ledger) Stats() Stats {
	now := time.Now()
	s := Stats{
		Routes: []RouteStats{}, Budgets: l.budgeted(), Servers: l.servers(), Limits: counts(&l.limits), Config: l.reloads.stats(),
		TakenAt: now, UptimeSeconds: now.Sub(l.epoch).Seconds(), Connections: l.connected(),
	}
	routes, all := l.listed()
	for _, r := range routes {
		s.Routes = append(s.Routes, r.stats())
	}
	s.Totals = totals(s.Routes, all)
	return s
}

func (r *Route) stats() RouteStats {
	return RouteStats{
		Name: r.name, IntervalSeconds: r.held.every().Seconds(),
		ClientRequests: ClientRequests{
			Poll: r.requests[upgrade.Poll].Load(), Longpoll: r.requests[upgrade.Longpoll].Load(),
			SSE: r.requests[upgrade.SSE].Load(), NDJSON: r.requests[upgrade.NDJSON].Load(),
			Multipart: r.requests[upgrade.Multipart].Load(), WebSocket: r.requests[upgrade.WebSocket].Load(),
			Pass: r.requests[upgrade.Pass].Load(),
		},
		UpstreamRequests:       UpstreamRequests{Poll: r.polls.Load(), Authorize: r.inquiries.Load(), Pass: r.passes.Load()},
		UpstreamNotModified:    r.notModified.Load(),
		UpstreamErrors:         r.errors.Load(),
		SavedRequestsMeasured:  r.saved.Load(),
		SavedRequestsEstimated: r.estimated(),
		SavedBytes:             r.savedBytes.Load(),
		SavedOriginSeconds:     seconds(r.savedMicros.Load()),
		Feeds:                  r.feeds.Load(),
		Subscribers: Subscribers{
			Longpoll: r.subscribers[upgrade.Longpoll].Load(), SSE: r.subscribers[upgrade.SSE].Load(),
			NDJSON: r.subscribers[upgrade.NDJSON].Load(), Multipart: r.subscribers[upgrade.Multipart].Load(),
			WebSocket: r.subscribers[upgrade.WebSocket].Load(),
		},
		Updates:          r.updates.Load(),
		Deliveries:       r.deliveries.Load(),
		StalenessSeconds: quantiles(&r.staleness),
		DeliverySeconds:  quantiles(&r.delivery),
		Unshared:         counts(&r.unshared),
		Observed:         r.observed(),
	}
}

func quantiles(of ...*Histogram) Quantiles {
	return Quantiles{P50: Quantile(0.5, of...), P99: Quantile(0.99, of...)}
}

func counts(m *sync.Map) map[string]int64 {
	all := map[string]int64{}
	m.Range(func(name, n any) bool {
		all[name.(string)] = n.(*atomic.Int64).Load()
		return true
	})
	return all
}

// totals adds up the routes that there are, of which the first of all are told already,
// and those that there were.
func totals(told []RouteStats, all []*Route) RouteStats {
	t := RouteStats{Name: "totals", Unshared: map[string]int64{}}
	for i := range told {
		t.add(&told[i])
	}
	for _, r := range all[len(told):] {
		former := r.stats()
		t.add(&former)
	}
	var staleness, delivery []*Histogram
	for _, r := range all {
		staleness, delivery = append(staleness, &r.staleness), append(delivery, &r.delivery)
	}
	t.StalenessSeconds, t.DeliverySeconds = quantiles(staleness...), quantiles(delivery...)
	return t
}

func (t *RouteStats) add(r *RouteStats) {
	t.ClientRequests.add(r.ClientRequests)
	t.UpstreamRequests.Poll += r.UpstreamRequests.Poll
	t.UpstreamRequests.Authorize += r.UpstreamRequests.Authorize
	t.UpstreamRequests.Pass += r.UpstreamRequests.Pass
	t.UpstreamNotModified += r.UpstreamNotModified
	t.UpstreamErrors += r.UpstreamErrors
	t.SavedRequestsMeasured += r.SavedRequestsMeasured
	t.SavedRequestsEstimated += r.SavedRequestsEstimated
	t.SavedBytes += r.SavedBytes
	t.SavedOriginSeconds += r.SavedOriginSeconds
	t.Feeds += r.Feeds
	t.Subscribers.add(r.Subscribers)
	t.Updates += r.Updates
	t.Deliveries += r.Deliveries
	for reason, n := range r.Unshared {
		t.Unshared[reason] += n
	}
	t.addObserved(r.Observed)
}

func (c *ClientRequests) add(o ClientRequests) {
	c.Poll += o.Poll
	c.Longpoll += o.Longpoll
	c.SSE += o.SSE
	c.NDJSON += o.NDJSON
	c.Multipart += o.Multipart
	c.WebSocket += o.WebSocket
	c.Pass += o.Pass
}

func (s *Subscribers) add(o Subscribers) {
	s.Longpoll += o.Longpoll
	s.SSE += o.SSE
	s.NDJSON += o.NDJSON
	s.Multipart += o.Multipart
	s.WebSocket += o.WebSocket
}
