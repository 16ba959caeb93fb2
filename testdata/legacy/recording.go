package legacy

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// maxRecorded bounds how many requests a Recording keeps.
const maxRecorded = 1 << 14

// Recording is the requests that a Faulty origin got, in the order in which
// their heads were complete.
type Recording struct {
	mu      sync.Mutex // guards what follows
	latest  []Request  // without gaps
	total   int
	changed chan struct{} // closed with the next change
}

func newRecording() *Recording { return &Recording{changed: make(chan struct{})} }

// Requests returns the latest requests, at most 16384. One that is not Whole
// may still be coming in.
func (r *Recording) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.latest)
}

// Total is how many requests there were, since the last Clear.
func (r *Recording) Total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// Clear forgets all requests; the next one is number 1 again. It is not for
// use while a request comes in.
func (r *Recording) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest, r.total = nil, 0
}

// Await blocks until the heads of n requests have come, and returns the
// requests, or until the context ends, which is an error.
func (r *Recording) Await(ctx context.Context, n int) ([]Request, error) {
	return r.AwaitFunc(ctx, func(requests []Request) bool { return len(requests) >= n })
}

// AwaitWhole is Await for requests with their bodies.
func (r *Recording) AwaitWhole(ctx context.Context, n int) ([]Request, error) {
	return r.AwaitFunc(ctx, func(requests []Request) bool {
		whole := 0
		for _, request := range requests {
			if request.Whole {
				whole++
			}
		}
		return whole >= n
	})
}

// AwaitFunc blocks until the recorded requests are enough, which is asked
// after every change of them.
func (r *Recording) AwaitFunc(ctx context.Context, enough func([]Request) bool) ([]Request, error) {
	for {
		r.mu.Lock()
		requests, changed := slices.Clone(r.latest), r.changed
		r.mu.Unlock()
		if enough(requests) {
			return requests, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return requests, fmt.Errorf("faulty origin: %d requests so far: %w", len(requests), context.Cause(ctx))
		}
	}
}

// add records a request by its head and returns its number.
func (r *Recording) add(request *Request) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	recorded := *request
	recorded.Number = r.total
	r.latest = append(r.latest, recorded)
	if len(r.latest) > maxRecorded {
		r.latest = r.latest[1:]
	}
	r.wakeLocked()
	return r.total
}

// complete adds what came of a request's body.
func (r *Recording) complete(request *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := request.Number - (r.total - len(r.latest)) - 1
	if place < 0 || place >= len(r.latest) {
		return // pushed out by later ones, or forgotten
	}
	r.latest[place] = *request
	r.wakeLocked()
}

func (r *Recording) wakeLocked() {
	close(r.changed)
	r.changed = make(chan struct{})
}
