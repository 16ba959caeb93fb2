package top

import (
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// route is what a busy route has counted in so many seconds.
func route(name string, seconds, clients, origin int64) ledger.RouteStats {
	return ledger.RouteStats{
		Name: name, IntervalSeconds: 1, ClientRequests: ledger.ClientRequests{Poll: clients * seconds, SSE: 3}, UpstreamRequests: ledger.UpstreamRequests{Poll: origin * seconds},
		SavedRequestsMeasured: (clients - origin) * seconds, SavedBytes: 1000 * seconds, Feeds: 2, Subscribers: ledger.Subscribers{SSE: 3}, Updates: seconds, Deliveries: 3 * seconds,
		StalenessSeconds: ledger.Quantiles{P50: 0.5, P99: 1.02}, DeliverySeconds: ledger.Quantiles{P50: 0.0001, P99: 0.002}, Unshared: map[string]int64{},
	}
}

// stats is what a proxy that has run for so many seconds says.
func account(seconds int64) ledger.Stats {
	failing := route("alerts", seconds, 4, 8)
	failing.UpstreamErrors, failing.Unshared = 2*seconds, map[string]int64{"set-cookie": seconds, "range": 1}
	observed := route("seen", seconds, 0, 0)
	observed.ClientRequests.Pass, observed.UpstreamRequests.Pass = 10*seconds, 10*seconds
	observed.Observed = &ledger.Observed{
		Share: "auto", Verdict: ledger.Differs, Requests: 10 * seconds, WouldSaveRequests: 8 * seconds, Compared: 7 * seconds, Same: 6 * seconds, Differing: seconds,
		Unshareable: map[string]int64{"private": 3}, Separators: []ledger.Separator{{Kind: "cookie", Name: "sid", Explains: 1, Pairs: 98}},
	}
	s := ledger.Stats{
		Routes:        []ledger.RouteStats{route("scores", seconds, 1000, 1), failing, observed, route("idle", 0, 0, 0), route("naïve/日本\x1b[2J", seconds, 20, 2)},
		Budgets:       []ledger.Budget{{Upstream: "api", BudgetPerSecond: 50, RatePerSecond: 25, Requests: 1234, Refused: 3, Scheduled: 5, AtOnce: 16, Stretched: true}},
		Servers:       []ledger.Server{{Upstream: "api", Server: "http://10.0.0.1:9000", State: "healthy", InFlight: 2, Requests: 1200}, {Upstream: "api", Server: "http://10.0.0.2:9000", State: "ejected", Failures: 7, FailedOver: 5, Ejections: 1}},
		UptimeSeconds: float64(seconds), Connections: 1300,
	}
	s.Totals = route("totals", seconds, 1034, 21)
	return s
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

// viewed is a model that has had some readings.
func viewed(width, height int) model {
	m := newModel("http://127.0.0.1:9090", time.Second)
	return does(m, tick(noon), resized{width, height}, reading(account(100)), reading(account(101)), reading(account(103)))
}

// does is what becomes of a model.
func does(m model, events ...any) model {
	for _, e := range events {
		m, _ = m.update(e)
	}
	return m
}
