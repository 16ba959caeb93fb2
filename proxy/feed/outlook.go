package feed

import (
	"context"
	"time"
)

// Outlook is what an operator who asks about one feed is told: what there is, and
// what comes next. Times are in seconds from now.
type Outlook struct {
	Info

	// FreshSeconds is for how long a poll is answered from the snapshot without
	// one to the origin.
	FreshSeconds float64 `json:"fresh_seconds"`

	// AloneSeconds is for how long requests still pass through, each on its own,
	// because of Alone.
	AloneSeconds float64 `json:"alone_seconds,omitempty"`

	IntervalSeconds float64  `json:"interval_seconds"`          // between two polls, as things are
	PolledSeconds   *float64 `json:"polled_seconds_ago"`        // null if it never was
	TookSeconds     float64  `json:"took_seconds"`              // the poll that brought the snapshot
	Polling         bool     `json:"polling"`                   // a poll is under way
	NextSeconds     *float64 `json:"next_poll_in_seconds"`      // at the earliest; null if none is planned
	EndsSeconds     *float64 `json:"ends_in_seconds,omitempty"` // if nobody comes until then
	Budgeted        bool     `json:"budgeted,omitempty"`        // the budget of the upstream may have it wait longer
	Failures        int      `json:"failures"`                  // of polls, in a row
	Failure         string   `json:"failure,omitempty"`         // the last one
}

// Outlook asks the feed. ok is false if it ends meanwhile, or ctx does.
func (f *Feed) Outlook(ctx context.Context) (o Outlook, ok bool) {
	reply := make(chan Outlook, 1)
	select {
	case f.looks <- reply:
		o = <-reply
		f.set.mu.RLock()
		defer f.set.mu.RUnlock()
		o.Clients = f.references
		return o, true
	case <-f.done:
	case <-ctx.Done():
	}
	return Outlook{}, false
}

// outlook is for run.
func (f *Feed) outlook(now time.Time) Outlook {
	r, v := &f.runs, f.view.Load()
	o := Outlook{
		Info: f.info(now), IntervalSeconds: f.interval().Seconds(), TookSeconds: v.took.Seconds(),
		FreshSeconds: ahead(now, v.fresh), AloneSeconds: ahead(now, v.alone), Polling: r.flight != nil,
		Budgeted: f.runs.item != nil, Failures: r.failures,
	}
	if r.failure != nil {
		o.Failure = r.failure.Error()
	}
	if !r.began.IsZero() {
		ago := now.Sub(r.began).Seconds()
		o.PolledSeconds = &ago
	}
	due, lingering := f.due(now)
	switch at := ahead(now, due); {
	case lingering:
		o.EndsSeconds = &at
	case r.flight == nil && !r.over:
		o.NextSeconds = &at
	}
	return o
}

// ahead is how far a time is ahead, in seconds.
func ahead(now, at time.Time) float64 { return max(at.Sub(now).Seconds(), 0) }
