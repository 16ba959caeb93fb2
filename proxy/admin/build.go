package admin

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// buildInfo says which program this is, in the labels of a metric that is always 1.
func buildInfo(version, revision string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "pollmux_build_info",
		Help:        "Always 1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}
