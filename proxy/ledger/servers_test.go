package ledger

import (
	"slices"
	"testing"
)

func TestServersAreToldWithTheRest(t *testing.T) {
	l := New()
	if s := l.Stats(); s.Servers == nil || len(s.Servers) > 0 {
		t.Errorf("got %v", s.Servers)
	}
	a := Server{Upstream: "api", Server: "http://a", State: "ejected", InFlight: 1, Requests: 20, Failures: 6, FailedOver: 5, Ejections: 2, Checks: 8, FailedChecks: 3}
	b := Server{Upstream: "api", Server: "http://b", State: "healthy"}
	c := Server{Upstream: "web", Server: "http://a", State: "healthy"}
	l.Follow(nil, nil, []func() []Server{func() []Server { return []Server{a, b} }, func() []Server { return []Server{c} }})
	if got := l.Stats().Servers; !slices.Equal(got, []Server{a, b, c}) {
		t.Errorf("got %v", got)
	}
	got := samples(t, l)
	for name, want := range map[string]float64{
		`pollmux_upstream_server_state{server=http://a,state=ejected,upstream=api}`:   1,
		`pollmux_upstream_server_state{server=http://a,state=healthy,upstream=api}`:   0,
		`pollmux_upstream_server_state{server=http://a,state=healthy,upstream=web}`:   1,
		`pollmux_upstream_server_state{server=http://b,state=unhealthy,upstream=api}`: 0,
		`pollmux_upstream_server_state{server=http://b,state=returning,upstream=api}`: 0,
		`pollmux_upstream_server_state{server=http://b,state=resting,upstream=api}`:   0,
		`pollmux_upstream_server_in_flight{server=http://a,upstream=api}`:             1,
		`pollmux_upstream_server_requests_total{server=http://a,upstream=api}`:        20,
		`pollmux_upstream_server_failures_total{server=http://a,upstream=api}`:        6,
		`pollmux_upstream_server_failed_over_total{server=http://a,upstream=api}`:     5,
		`pollmux_upstream_server_ejections_total{server=http://a,upstream=api}`:       2,
		`pollmux_upstream_server_checks_total{server=http://a,upstream=api}`:          8,
		`pollmux_upstream_server_failed_checks_total{server=http://a,upstream=api}`:   3,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
		}
	}
}
