package ledger

import "github.com/prometheus/client_golang/prometheus"

// Heard is what became of lines of the access log, and of spans.
type Heard struct {
	LinesWritten, LinesDropped, LinesSuppressed int64
	SpansExported, SpansFailed, SpansDropped    int64
}

// Hears has it told with the rest. Not to be called once the ledger is being read;
// state may be called at any time.
func (l *Ledger) Hears(state func() Heard) { l.heard = state }

var (
	accessLines = prometheus.NewDesc("pollmux_access_log_lines_total", "Lines of the access log, by what became of them.", []string{"outcome"}, nil)
	spans       = prometheus.NewDesc("pollmux_trace_spans_total", "Spans, by what became of them.", []string{"outcome"}, nil)
)

func describeHeard(ch chan<- *prometheus.Desc) {
	ch <- accessLines
	ch <- spans
}

func (h *Heard) collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, n int64, outcome string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), outcome)
	}
	tell(accessLines, h.LinesWritten, "written")
	tell(accessLines, h.LinesDropped, "dropped")
	tell(accessLines, h.LinesSuppressed, "suppressed")
	tell(spans, h.SpansExported, "exported")
	tell(spans, h.SpansFailed, "failed")
	tell(spans, h.SpansDropped, "dropped")
}
