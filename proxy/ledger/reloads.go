package ledger

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reloads is the account of the configurations that were loaded and of those that were
// refused. Its methods may be called concurrently.
type Reloads struct {
	mu        sync.Mutex
	loaded    time.Time // when the configuration of now was
	revision  string
	applied   int64 // but for the first
	refused   int64
	unchanged int64
	refusal   string // why the last one was; "" if it was not
}

// Config is what an operator is told of the configuration.
type Config struct {
	LoadedAt  time.Time `json:"loaded_at"`
	Revision  string    `json:"revision"` // of its content; "" if there is no file
	Reloads   int64     `json:"reloads"`  // that were applied
	Refused   int64     `json:"refused"`
	Unchanged int64     `json:"unchanged"`
	LastError *string   `json:"last_error"` // nil if the last attempt was not refused
}

// Began notes the configuration that the process began with.
func (r *Reloads) Began(revision string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loaded, r.revision = now, revision
}

// Applied notes that another configuration took its place.
func (r *Reloads) Applied(revision string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loaded, r.revision, r.refusal = now, revision, ""
	r.applied++
}

// Unchanged notes one that says the same.
func (r *Reloads) Unchanged(revision string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revision, r.refusal = revision, ""
	r.unchanged++
}

// Refused notes one that could not be applied, and why.
func (r *Reloads) Refused(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = why
	r.refused++
}

func (r *Reloads) stats() Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Config{LoadedAt: r.loaded, Revision: r.revision, Reloads: r.applied, Refused: r.refused, Unchanged: r.unchanged}
	if why := r.refusal; why != "" {
		c.LastError = &why
	}
	return c
}

var (
	reloadSuccessful = prometheus.NewDesc("pollmux_config_last_reload_successful", "1 unless the last configuration was refused.", nil, nil)
	reloadTime       = prometheus.NewDesc("pollmux_config_last_reload_success_timestamp_seconds", "When the configuration was loaded that is in force.", nil, nil)
	reloadsTotal     = prometheus.NewDesc("pollmux_config_reloads_total", "Configurations that were loaded after the first, by what became of them.", []string{"result"}, nil)
)

func describeReloads(ch chan<- *prometheus.Desc) {
	ch <- reloadSuccessful
	ch <- reloadTime
	ch <- reloadsTotal
}

func (r *Reloads) collect(ch chan<- prometheus.Metric) {
	c := r.stats()
	successful := 1.0
	if c.LastError != nil {
		successful = 0
	}
	ch <- prometheus.MustNewConstMetric(reloadSuccessful, prometheus.GaugeValue, successful)
	ch <- prometheus.MustNewConstMetric(reloadTime, prometheus.GaugeValue, float64(c.LoadedAt.UnixMilli())/1e3)
	for result, n := range map[string]int64{"applied": c.Reloads, "refused": c.Refused, "unchanged": c.Unchanged} {
		ch <- prometheus.MustNewConstMetric(reloadsTotal, prometheus.CounterValue, float64(n), result)
	}
}
