package ledger

import "github.com/prometheus/client_golang/prometheus"

// The names of what separates are in the statistics only: clients choose them.
var (
	observedRequests    = desc("observed_requests_total", "Requests of routes in mode observe.", "share")
	observedSaved       = desc("observed_would_save_requests_total", "Requests that would have been answered without one to the origin.", "share")
	observedSavedBytes  = desc("observed_would_save_bytes_total", "Bytes of body that the origin would not have had to send.", "share")
	observedSavedTime   = desc("observed_would_save_origin_seconds_total", "Time that the origin would not have had to spend.", "share")
	observedCompared    = desc("observed_compared_total", "Answers compared with the one that would have been given in their place.", "share")
	observedSame        = desc("observed_same_total", "Those that were the same.", "share")
	observedDiffering   = desc("observed_differing_total", "Those that certainly differed by client.", "share")
	observedUnshareable = desc("observed_unshareable_total", "Requests and answers that could not have been shared, by why.", "share", "reason")
)

func describeObserved(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		observedRequests, observedSaved, observedSavedBytes, observedSavedTime, observedCompared, observedSame, observedDiffering,
		observedUnshareable,
	} {
		ch <- d
	}
}

// collect tells what a route in mode observe found out, by the policy of
// sharing under which that would be.
func (o *Observed) collect(counter func(d *prometheus.Desc, v float64, labels ...string)) {
	if o == nil {
		return
	}
	counter(observedRequests, float64(o.Requests), o.Share)
	counter(observedSaved, float64(o.WouldSaveRequests), o.Share)
	counter(observedSavedBytes, float64(o.WouldSaveBytes), o.Share)
	counter(observedSavedTime, o.WouldSaveOriginSeconds, o.Share)
	counter(observedCompared, float64(o.Compared), o.Share)
	counter(observedSame, float64(o.Same), o.Share)
	counter(observedDiffering, float64(o.Differing), o.Share)
	for reason, n := range o.Unshareable {
		counter(observedUnshareable, float64(n), o.Share, reason)
	}
	o.IfPublic.collect(counter)
}
