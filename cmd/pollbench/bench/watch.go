package bench

import (
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// watch is what a crowd sees of the moving resource. Its See is called by many
// goroutines at once.
type watch struct {
	last  []atomic.Int64 // version of each member, by its number; 0 before the first
	kinds map[load.Kind]*account

	// Lateness of deliveries: from the first change that a client had not
	// seen to the poll that found it, from there to the client, and in all.
	waited, fanout, late load.Histogram

	skipped atomic.Int64 // deliveries that came behind a version that was told, but not to this client
	strange atomic.Int64 // what is no snapshot, or an older one

	// firsts has, by version modulo its length, when the first change after it
	// happened.
	firsts [1 << 12]atomic.Int64
}

// account is what the members of one kind got, without their first snapshots.
type account struct{ deliveries, bytes atomic.Int64 }

func newWatch(members int, kinds []load.Kind) *watch {
	w := &watch{last: make([]atomic.Int64, members), kinds: map[load.Kind]*account{}}
	for _, k := range kinds {
		w.kinds[k] = &account{}
	}
	return w
}

// see takes a snapshot in.
func (w *watch) see(m *load.Member, snapshot []byte, wire int64) {
	now := time.Now().UnixNano()
	s, ok := child.ParseSnapshot(snapshot)
	if !ok || s.Version == 0 {
		w.strange.Add(1)
		return
	}
	had := w.last[m.Number].Swap(s.Version)
	switch {
	case had == 0:
	case s.Version <= had:
		w.strange.Add(1)
	default:
		w.kinds[m.Kind].add(wire)
		w.delivered(now, had, s)
	}
}

func (a *account) add(wire int64) {
	a.deliveries.Add(1)
	a.bytes.Add(wire)
}

// delivered accounts for a snapshot that a client had not seen.
func (w *watch) delivered(now, had int64, s child.Snapshot) {
	changed := s.Changed
	w.first(s.Previous).Store(changed)
	if had != s.Previous {
		w.skipped.Add(1)
		if first := w.first(had).Load(); first > 0 {
			changed = first
		}
	}
	w.waited.Add(time.Duration(s.Asked - s.Changed))
	w.fanout.Add(time.Duration(now - s.Asked))
	w.late.Add(time.Duration(now - changed))
}

func (w *watch) first(version int64) *atomic.Int64 { return &w.firsts[version%int64(len(w.firsts))] }

// arrived is how many members have a version.
func (w *watch) arrived() int { return len(w.last) - w.having(0) }

// behind is how many members do not have the version.
func (w *watch) behind(version int64) int { return len(w.last) - w.having(version) }

// having is how many members have exactly that.
func (w *watch) having(version int64) int {
	n := 0
	for i := range w.last {
		if w.last[i].Load() == version {
			n++
		}
	}
	return n
}

// deliveries is how many there were so far.
func (w *watch) deliveries() int64 {
	var n int64
	for _, a := range w.kinds {
		n += a.deliveries.Load()
	}
	return n
}

// size is how many bytes a delivery takes on the wire, on average.
func (a *account) size() int { return int(a.bytes.Load() / max(a.deliveries.Load(), 1)) }
