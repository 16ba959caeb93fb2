package ledger

import "github.com/pollmux/pollmux/upgrade"

// Reading is what of a route's account is looked at again and again, to make rates
// and recent quantiles of it. All but Held only ever grows.
type Reading struct {
	Would      int64 // requests that the clients would have sent to the origin without pollmux
	Origin     int64 // requests that were sent to it
	Errors     int64
	SavedBytes int64
	Held       int64 // subscribers, now

	Staleness, Delivery Counts
}

// Counts are what a histogram has counted, by bucket, modulo 2³².
type Counts [64 * subBuckets]uint32

// Routes are the accounts of the routes that there are, in their order. The slice must not be
// changed.
func (l *Ledger) Routes() []*Route {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.routes
}

// Name is that of the route.
func (r *Route) Name() string { return r.name }

// Read reads the account, as far as it is one of rates. The request with which a
// client came to be held is not one that it would have sent besides its polls.
func (r *Route) Read(into *Reading) {
	into.Would = r.requests[upgrade.Poll].Load() + r.requests[upgrade.Pass].Load() + r.estimated()
	into.Origin = r.polls.Load() + r.passes.Load() + r.inquiries.Load()
	into.Errors, into.SavedBytes = r.errors.Load(), r.savedBytes.Load()
	into.Held = 0
	for i := range r.subscribers {
		into.Held += r.subscribers[i].Load()
	}
	r.staleness.read(&into.Staleness)
	r.delivery.read(&into.Delivery)
}

func (h *Histogram) read(into *Counts) {
	for i := range h.fine {
		into[i] = uint32(h.fine[i].Load())
	}
}

// AddSince adds what was counted between two readings.
func (c *Counts) AddSince(before, now *Counts) {
	for i := range c {
		c[i] += now[i] - before[i]
	}
}

// Quantile returns the middle, in seconds, of the bucket in which the quantile
// lies; 0 if nothing was counted.
func (c *Counts) Quantile(q float64) float64 { return quantile(q, (*[64 * subBuckets]uint32)(c)) }
