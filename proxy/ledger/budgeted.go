package ledger

import "github.com/prometheus/client_golang/prometheus"

// Budget is what became of the budget of an upstream.
type Budget struct {
	Upstream        string  `json:"upstream"`
	BudgetPerSecond float64 `json:"budget_per_second"` // configured
	RatePerSecond   float64 `json:"rate_per_second"`   // what refusals have left of it for now
	Requests        int64   `json:"requests"`          // that had their turn
	Refused         int64   `json:"refused"`           // of them, with 429 or 503
	RestingSeconds  float64 `json:"resting_seconds"`   // until when the host wants to be left alone
	Scheduled       int     `json:"scheduled"`         // feeds that are polled for subscribers
	Stretched       bool    `json:"stretched"`         // it is too small for the intervals of routes
	Waiting         int     `json:"waiting"`           // who waits for a turn
	InFlight        int     `json:"in_flight"`
	AtOnce          int     `json:"at_once"` // requests that may be in flight, by how fast the origin answers
}

func (l *Ledger) budgeted() []Budget {
	l.mu.Lock()
	budgets := l.budgets
	l.mu.Unlock()
	all := make([]Budget, 0, len(budgets))
	for _, state := range budgets {
		all = append(all, state())
	}
	return all
}

var (
	budgetRate      = ofUpstream("budget_rate", "Requests a second that pollmux may send by itself, configured and for now.", "which")
	budgetRequests  = ofUpstream("budget_requests_total", "Requests that had their turn in the budget.")
	budgetRefused   = ofUpstream("budget_refused_total", "Requests within the budget that the origin refused with 429 or 503.")
	budgetResting   = ofUpstream("budget_resting_seconds", "For how long the host still wants to be left alone.")
	budgetScheduled = ofUpstream("budget_scheduled_feeds", "Feeds that are polled for subscribers.")
	budgetStretched = ofUpstream("budget_stretched", "1 while the budget is too small for the intervals of routes.")
	budgetWaiting   = ofUpstream("budget_waiting", "Clients and checks that wait for a turn.")
	budgetInFlight  = ofUpstream("budget_in_flight", "Requests under way that count.")
	budgetAtOnce    = ofUpstream("budget_at_once", "Requests that may be under way, by how fast the origin answers.")
)

// ofUpstream describes a metric of an upstream.
func ofUpstream(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("pollmux_"+name, help, append([]string{"upstream"}, labels...), nil)
}

func describeBudgets(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		budgetRate, budgetRequests, budgetRefused, budgetResting, budgetScheduled, budgetStretched, budgetWaiting, budgetInFlight, budgetAtOnce,
	} {
		ch <- d
	}
}

func (b *Budget) collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, append([]string{b.Upstream}, labels...)...)
	}
	tell(budgetRate, prometheus.GaugeValue, b.BudgetPerSecond, "configured")
	tell(budgetRate, prometheus.GaugeValue, b.RatePerSecond, "now")
	tell(budgetRequests, prometheus.CounterValue, float64(b.Requests))
	tell(budgetRefused, prometheus.CounterValue, float64(b.Refused))
	tell(budgetResting, prometheus.GaugeValue, b.RestingSeconds)
	tell(budgetScheduled, prometheus.GaugeValue, float64(b.Scheduled))
	stretched := 0.0
	if b.Stretched {
		stretched = 1
	}
	tell(budgetStretched, prometheus.GaugeValue, stretched)
	tell(budgetWaiting, prometheus.GaugeValue, float64(b.Waiting))
	tell(budgetInFlight, prometheus.GaugeValue, float64(b.InFlight))
	tell(budgetAtOnce, prometheus.GaugeValue, float64(b.AtOnce))
}
