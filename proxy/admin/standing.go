package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	ready      = prometheus.NewDesc("pollmux_ready", "1 while clients should come, as /readyz says.", nil, nil)
	staleFeeds = prometheus.NewDesc("pollmux_stale_feeds", "Live feeds whose last poll failed.", []string{"route"}, nil)
)

// standing is how things are, besides what the ledger counts.
type standing struct{ *Admin }

// Describe implements prometheus.Collector.
func (s standing) Describe(ch chan<- *prometheus.Desc) {
	ch <- ready
	ch <- staleFeeds
}

// Collect implements prometheus.Collector.
func (s standing) Collect(ch chan<- prometheus.Metric) {
	is := 1.0
	if s.unready() != "" {
		is = 0
	}
	ch <- prometheus.MustNewConstMetric(ready, prometheus.GaugeValue, is)
	stale := map[string]int{}
	for _, r := range s.proxy.Ledger().Routes() {
		stale[r.Name()] = 0
	}
	for _, f := range s.proxy.Feeds().List(time.Now()) {
		if f.Stale != "" {
			stale[f.Route]++
		}
	}
	for route, n := range stale {
		ch <- prometheus.MustNewConstMetric(staleFeeds, prometheus.GaugeValue, float64(n), route)
	}
}
