package admin

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// process is what there is to say of this one. What the system does not say is 0.
type process struct {
	Version       string  `json:"version"`
	Go            string  `json:"go"`
	Processors    int     `json:"processors"`
	Goroutines    int     `json:"goroutines"`
	ResidentBytes float64 `json:"resident_bytes"`
	CPUSeconds    float64 `json:"cpu_seconds"`
	OpenFiles     float64 `json:"open_files"`
	MaxOpenFiles  float64 `json:"max_open_files"`
}

// meter reads what /metrics says of the process.
type meter struct {
	version  string
	registry *prometheus.Registry
}

func newMeter(version string) *meter {
	m := &meter{version: version, registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *meter) read() process {
	p := process{Version: m.version, Go: runtime.Version(), Processors: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine()}
	families, _ := m.registry.Gather() // what cannot be read is not there
	for _, f := range families {
		if len(f.GetMetric()) == 0 {
			continue
		}
		v := f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
		switch f.GetName() {
		case "process_resident_memory_bytes":
			p.ResidentBytes = v
		case "process_cpu_seconds_total":
			p.CPUSeconds = v
		case "process_open_fds":
			p.OpenFiles = v
		case "process_max_fds":
			p.MaxOpenFiles = v
		}
	}
	return p
}
