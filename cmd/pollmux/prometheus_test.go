package main

import (
	"encoding/json"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
)

// freePort is an address that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// prometheus is a server that scrapes a pollmux.
type prometheusServer struct {
	t    *testing.T
	addr string
}

func startPrometheus(t *testing.T, target string) *prometheusServer {
	t.Helper()
	program := need(t, "prometheus")
	s := &prometheusServer{t: t, addr: freePort(t)}
	p := launch(t, program, "--config.file="+prometheusConfig(t, target), "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+s.addr)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("prometheus says:\n%s", p.lines)
		}
	})
	await.Until(t, "prometheus is ready", func() bool { return strings.Contains(p.lines.String(), "Server is ready to receive web requests") })
	return s
}

// query returns how many series an expression has.
func (s *prometheusServer) query(expr string) int {
	s.t.Helper()
	var answer struct {
		Status, Error string
		Data          struct{ Result []any }
	}
	_, text := fetch(s.t, "http://"+s.addr+"/api/v1/query?query="+url.QueryEscape(expr))
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Status != "success" {
		s.t.Fatalf("%s: %s", expr, text)
	}
	return len(answer.Data.Result)
}

// rules are the states of all rules by their names.
func (s *prometheusServer) rules() map[string]string {
	s.t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError, State string }
			}
		}
	}
	_, text := fetch(s.t, "http://"+s.addr+"/api/v1/rules")
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		s.t.Fatal(err)
	}
	all := map[string]string{}
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if all[r.Name] = r.Health; r.LastError != "" || r.State == "firing" {
				s.t.Errorf("%s: %s %s", r.Name, r.State, r.LastError)
			}
		}
	}
	return all
}

// TestARealPrometheusAnswersTheQueriesOfTheDashboard has one scrape a real pollmux
// that is in use, and asks it what Grafana would.
func TestARealPrometheusAnswersTheQueriesOfTheDashboard(t *testing.T) {
	need(t, "prometheus")
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, dashboardConfig("127.0.0.1:0", "127.0.0.1:0", "", dashboardOrigin(t).URL()))
	s := start(t, "--config", file)
	crowdOn(t, s.serve, "/scores", "/x", "/y")
	prom := startPrometheus(t, s.admin)
	await.Until(t, "there are rates", func() bool {
		return prom.query(`rate(pollmux_client_requests_total{route="scores"}[20s]) > 0`) > 0 && prom.query(`rate(pollmux_delivery_seconds_bucket[20s])`) > 0
	})
	var empty []string
	for _, p := range readGrafana(t).Panels {
		for _, target := range p.Targets {
			if prom.query(filled(target.Expr)) == 0 {
				empty = append(empty, p.Title)
			}
		}
	}
	// What does not happen has no series.
	for _, title := range []string{"Spared", "Saved, measured", "Clients held", "Ready", "Staleness", "Delivery", "Memory", "Instances", "Budget and what is sent within it", "What coalescing would save"} {
		if slices.Contains(empty, title) {
			t.Errorf("%s is empty", title)
		}
	}
	t.Logf("empty: %q", slices.Compact(empty))
	await.Until(t, "all rules were evaluated", func() bool {
		states := prom.rules()
		for _, health := range states {
			if health != "ok" {
				return false
			}
		}
		return len(states) > 20
	})
}
