package ledger

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pollmux/pollmux/upgrade"
)

// desc describes a metric of a route.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("pollmux_"+name, help, append([]string{"route"}, labels...), nil)
}

var (
	clientRequests = desc("client_requests_total", "Requests of clients, by the transport that they asked for.", "transport")
	upstreamSent   = desc("upstream_requests_total", "Requests sent to the origin, by why.", "kind")
	notModified    = desc("upstream_not_modified_total", "Polls that the origin answered with 304.")
	upstreamErrors = desc("upstream_errors_total", "Requests that the origin failed.")
	savedMeasured  = desc("saved_requests_measured_total", "Requests answered at once without one to the origin.")
	savedEstimated = desc("saved_requests_estimated_total", "Polls that held clients would have sent, one per interval.")
	savedBytes     = desc("saved_bytes_total", "Bytes of body that the origin did not have to send.")
	savedSeconds   = desc("saved_origin_seconds_total", "Time that the origin did not have to spend.")
	feeds          = desc("feeds", "Live feeds.")
	subscribers    = desc("subscribers", "Clients that are held.", "transport")
	updates        = desc("updates_total", "New versions.")
	deliveries     = desc("deliveries_total", "Updates written to subscribers.")
	staleness      = desc("staleness_seconds", "For how long what a client had may have been outdated when it was answered or told, at most.")
	delivery       = desc("delivery_seconds", "Time from an update's arrival to its being written to a subscriber.")
	unshared       = desc("unshared_total", "Requests that could not be answered from a poll, by why.", "reason")
	limitHits      = prometheus.NewDesc("pollmux_limit_hits_total", "Times that a limit was reached.", []string{"limit"}, nil)
)

// Describe implements prometheus.Collector. Some metrics come into being later.
func (l *Ledger) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		clientRequests, upstreamSent, notModified, upstreamErrors, savedMeasured, savedEstimated, savedBytes, savedSeconds,
		feeds, subscribers, updates, deliveries, staleness, delivery, unshared, limitHits,
	} {
		ch <- d
	}
	describeObserved(ch)
	describeBudgets(ch)
	describeServers(ch)
	describeHeard(ch)
	describeReloads(ch)
}

// Collect implements prometheus.Collector.
func (l *Ledger) Collect(ch chan<- prometheus.Metric) {
	for limit, n := range counts(&l.limits) {
		ch <- prometheus.MustNewConstMetric(limitHits, prometheus.CounterValue, float64(n), limit)
	}
	routes, _ := l.listed()
	for _, r := range routes {
		r.collect(ch)
	}
	l.reloads.collect(ch)
	for _, b := range l.budgeted() {
		b.collect(ch)
	}
	for _, s := range l.servers() {
		s.collect(ch)
	}
	if l.heard != nil {
		heard := l.heard()
		heard.collect(ch)
	}
}

func (r *Route) collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, append([]string{r.name}, labels...)...)
	}
	for t := range upgrade.Transports {
		name := upgrade.Transport(t).String()
		counter(clientRequests, float64(r.requests[t].Load()), name)
		if upgrade.Transport(t) > upgrade.Poll {
			ch <- prometheus.MustNewConstMetric(subscribers, prometheus.GaugeValue, float64(r.subscribers[t].Load()), r.name, name)
		}
	}
	s := r.stats()
	counter(upstreamSent, float64(s.UpstreamRequests.Poll), "poll")
	counter(upstreamSent, float64(s.UpstreamRequests.Authorize), "authorize")
	counter(upstreamSent, float64(s.UpstreamRequests.Pass), "pass")
	counter(notModified, float64(s.UpstreamNotModified))
	counter(upstreamErrors, float64(s.UpstreamErrors))
	counter(savedMeasured, float64(s.SavedRequestsMeasured))
	counter(savedEstimated, float64(s.SavedRequestsEstimated))
	counter(savedBytes, float64(s.SavedBytes))
	counter(savedSeconds, s.SavedOriginSeconds)
	counter(updates, float64(s.Updates))
	counter(deliveries, float64(s.Deliveries))
	for reason, n := range s.Unshared {
		counter(unshared, float64(n), reason)
	}
	s.Observed.collect(counter)
	ch <- prometheus.MustNewConstMetric(feeds, prometheus.GaugeValue, float64(s.Feeds), r.name)
	r.collectHistograms(ch)
}

func (r *Route) collectHistograms(ch chan<- prometheus.Metric) {
	for d, h := range map[*prometheus.Desc]*Histogram{staleness: &r.staleness, delivery: &r.delivery} {
		count, sum, buckets := h.cumulative()
		ch <- prometheus.MustNewConstHistogram(d, count, sum, buckets, r.name)
	}
}
