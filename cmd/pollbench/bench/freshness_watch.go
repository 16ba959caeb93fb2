package bench

import (
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/replay"
	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// freshnessWatch is what the subscribers of a trace's resources see. Its see is
// called by many goroutines at once.
type freshnessWatch struct {
	began   time.Time // the trace; set before anybody comes
	trace   *trace.Trace
	members []reader // by their number: those of the first resource, of the second, and so on

	delivery load.Histogram // from the origin's answer to the subscriber
	strange  atomic.Int64   // what is no snapshot, or an older one, or tells what has not happened
}

// reader is one subscriber.
type reader struct {
	resource *trace.Resource
	version  atomic.Int64 // one more than the changes that it has seen; 0 before the first snapshot

	// Its own goroutine's, until the crowd has left.
	unseen []unseen
}

// unseen is from the first change that a subscriber had not seen until the origin was
// asked for that one or a newer one, and until the subscriber had it. In seconds of
// the trace.
type unseen struct{ happened, asked, seen float64 }

func newFreshnessWatch(t *trace.Trace) *freshnessWatch {
	w := &freshnessWatch{trace: t, members: make([]reader, int(t.Subscribers()))}
	next := 0
	for i := range t.Resources {
		for range int(t.Resources[i].Weight) {
			w.members[next].resource = &t.Resources[i]
			next++
		}
	}
	return w
}

// see takes a snapshot in.
func (w *freshnessWatch) see(m *load.Member, snapshot []byte, _ int64) {
	now := time.Now()
	s, ok := child.ParseSnapshot(snapshot)
	r := &w.members[m.Number]
	had := r.version.Load()
	if !ok || s.Version <= had || s.Version > int64(len(r.resource.Changes))+1 {
		w.strange.Add(1)
		return
	}
	r.version.Store(s.Version)
	if had == 0 {
		return // it knew of nothing that could be outdated
	}
	asked := time.Unix(0, s.Asked)
	w.delivery.Add(now.Sub(asked))
	r.unseen = append(r.unseen, unseen{r.resource.Changes[had-1], w.at(asked), w.at(now)})
}

// at is when something is in the trace.
func (w *freshnessWatch) at(t time.Time) float64 { return t.Sub(w.began).Seconds() }

// arrived is how many have a snapshot.
func (w *freshnessWatch) arrived() (n int) {
	for i := range w.members {
		if w.members[i].version.Load() > 0 {
			n++
		}
	}
	return n
}

// outcome is how stale they were from an instant of the trace until its end; polled
// is how stale they would have been without the way from the origin to them. The
// crowd has left.
func (w *freshnessWatch) outcome(from float64, requests int) (seen, polled replay.Outcome) {
	end := w.trace.Horizon
	toThem, toUs := replay.NewAges(from, end), replay.NewAges(from, end)
	for i := range w.members {
		r := &w.members[i]
		for _, u := range r.unseen {
			toThem.Add(u.happened, u.seen, 1)
			toUs.Add(u.happened, u.asked, 1)
		}
		if known := r.version.Load() - 1; known >= 0 && known < int64(len(r.resource.Changes)) {
			toThem.Add(r.resource.Changes[known], end, 1)
			toUs.Add(r.resource.Changes[known], end, 1)
		}
	}
	all := float64(len(w.members))
	return toThem.Outcome(all, requests), toUs.Outcome(all, requests)
}
