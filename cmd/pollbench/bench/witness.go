package bench

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// witness is what traffic sees of an origin that breaks. Its see is called by
// many goroutines at once.
type witness struct {
	seen    atomic.Int64
	strange atomic.Int64 // what is no testimony
	leaked  atomic.Int64 // another identity's, or another resource's, or somebody's own
	back    atomic.Int64 // older than what the client had

	mu    sync.Mutex
	once  map[int64]bool // numbers that were given to one request
	first string         // what was wrong first
}

func newWitness() *witness { return &witness{once: map[int64]bool{}} }

// see takes a snapshot in.
func (w *witness) see(v *load.Visit, snapshot []byte) {
	w.seen.Add(1)
	t, ok := child.ParseTestimony(snapshot)
	had := v.Versions[v.Target]
	switch {
	case !ok:
		w.note(&w.strange, "%.100q", snapshot)
	case t.Canary != v.Identity || t.Target != v.Target:
		w.note(&w.leaked, "%q, who asked for %s, was told %q of %s", v.Identity, v.Target, t.Canary, t.Target)
	case t.Once != 0 && w.twice(t.Once):
		w.note(&w.leaked, "%d of %s was for one request alone", t.Once, t.Target)
	case t.Version < had:
		w.note(&w.back, "%s at %d and then %d, as %q by %s", v.Target, had, t.Version, v.Identity, v.Doing)
	default:
		v.Versions[v.Target] = t.Version
	}
}

// twice reports whether a number was seen before.
func (w *witness) twice(number int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.once[number]
	w.once[number] = true
	return before
}

func (w *witness) note(kind *atomic.Int64, format string, args ...any) {
	kind.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == "" {
		w.first = fmt.Sprintf(format, args...)
	}
}

// found is a count, with the first of them all.
func (w *witness) found(kind *atomic.Int64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if kind.Load() == 0 {
		return "0"
	}
	return fmt.Sprintf("%d; first of all: %s", kind.Load(), w.first)
}

func (w *witness) summary() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := fmt.Sprintf("%d snapshots", w.seen.Load())
	if w.first != "" {
		text += fmt.Sprintf(" (%d strange, %d leaked, %d went back; first %s)", w.strange.Load(), w.leaked.Load(), w.back.Load(), w.first)
	}
	return text
}
