package cert

import "github.com/prometheus/client_golang/prometheus"

// Collector has the figures of several listeners for Prometheus.
type Collector []*Keeper

// The metrics. A path is from the configuration, so there are as many as that has.
var (
	notAfter = prometheus.NewDesc("pollmux_tls_certificate_not_after_timestamp_seconds",
		"When the certificate in use ends, in seconds since 1970.", []string{"cert"}, nil)
	refused = prometheus.NewDesc("pollmux_tls_certificate_refused_total",
		"How often new files were not good, so that the old certificate stayed.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c Collector) Describe(to chan<- *prometheus.Desc) {
	to <- notAfter
	to <- refused
}

// Collect implements prometheus.Collector. A file that several listeners use is told
// of once.
func (c Collector) Collect(to chan<- prometheus.Metric) {
	told, bad := map[string]bool{}, uint64(0)
	for _, k := range c {
		bad += k.bad.Load()
		for _, p := range *k.now.Load() {
			if !told[p.file] {
				told[p.file] = true
				to <- prometheus.MustNewConstMetric(notAfter, prometheus.GaugeValue, float64(p.Leaf.NotAfter.Unix()), p.file)
			}
		}
	}
	to <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(bad))
}

// Current is a Collector of those that there are at the time.
type Current func() []*Keeper

// Describe implements prometheus.Collector.
func (c Current) Describe(to chan<- *prometheus.Desc) { Collector(nil).Describe(to) }

// Collect implements prometheus.Collector.
func (c Current) Collect(to chan<- prometheus.Metric) { Collector(c()).Collect(to) }
