package ledger

import "github.com/prometheus/client_golang/prometheus"

// Server is how a server of an upstream is, and what it was asked.
type Server struct {
	Upstream     string `json:"upstream"`
	Server       string `json:"server"` // its URL, as configured
	State        string `json:"state"`  // healthy, unhealthy, ejected, returning, resting
	InFlight     int64  `json:"in_flight"`
	Requests     int64  `json:"requests"`    // polls and passed requests that were sent to it, or should have been
	Failures     int64  `json:"failures"`    // of them: no connection, no answer, or to a poll half of one or 502 to 504
	FailedOver   int64  `json:"failed_over"` // of them, that went on to another server
	Ejections    int64  `json:"ejections"`
	Checks       int64  `json:"checks"`
	FailedChecks int64  `json:"failed_checks"`
}

// serverStates are those that a server can be in.
var serverStates = []string{"healthy", "unhealthy", "ejected", "returning", "resting"}

func (l *Ledger) servers() []Server {
	l.mu.Lock()
	serving := l.serving
	l.mu.Unlock()
	all := []Server{}
	for _, state := range serving {
		all = append(all, state()...)
	}
	return all
}

var (
	serverState        = ofUpstream("upstream_server_state", "1 for the state that a server is in.", "server", "state")
	serverInFlight     = ofUpstream("upstream_server_in_flight", "Requests under way, and connections being made.", "server")
	serverRequests     = ofUpstream("upstream_server_requests_total", "Polls and passed requests that a server was chosen for.", "server")
	serverFailures     = ofUpstream("upstream_server_failures_total", "Requests without a connection or an answer, and polls with half of one or 502 to 504.", "server")
	serverFailedOver   = ofUpstream("upstream_server_failed_over_total", "Requests that went on to another server.", "server")
	serverEjections    = ofUpstream("upstream_server_ejections_total", "Times that a server was left out because requests failed.", "server")
	serverChecks       = ofUpstream("upstream_server_checks_total", "Health checks.", "server")
	serverFailedChecks = ofUpstream("upstream_server_failed_checks_total", "Health checks that failed.", "server")
)

func describeServers(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		serverState, serverInFlight, serverRequests, serverFailures, serverFailedOver, serverEjections, serverChecks, serverFailedChecks,
	} {
		ch <- d
	}
}

func (s *Server) collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, float64(v), append([]string{s.Upstream, s.Server}, labels...)...)
	}
	for _, state := range serverStates {
		is := int64(0)
		if s.State == state {
			is = 1
		}
		tell(serverState, prometheus.GaugeValue, is, state)
	}
	tell(serverInFlight, prometheus.GaugeValue, s.InFlight)
	tell(serverRequests, prometheus.CounterValue, s.Requests)
	tell(serverFailures, prometheus.CounterValue, s.Failures)
	tell(serverFailedOver, prometheus.CounterValue, s.FailedOver)
	tell(serverEjections, prometheus.CounterValue, s.Ejections)
	tell(serverChecks, prometheus.CounterValue, s.Checks)
	tell(serverFailedChecks, prometheus.CounterValue, s.FailedChecks)
}
