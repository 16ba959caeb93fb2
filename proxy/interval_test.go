package proxy

import "testing"

// What is saved for held clients must not be overstated: where the pace adapts,
// they might have polled as seldom as it allows.
func TestClientsOfAnAdaptiveIntervalAreTakenToPollAtItsLongest(t *testing.T) {
	r := newRig(t, "interval: {min: 10ms, max: 24h}")
	r.stream("/x", "text/event-stream").event()
	r.eventually("it is polled again", func() bool { return r.polls() >= 4 })
	if saved := r.stats().SavedRequestsEstimated; saved != 0 {
		t.Errorf("%d polls are said to be saved, of clients that poll once a day", saved)
	}
}
