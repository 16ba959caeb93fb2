// Package await is what tests wait with where no channel tells of the event:
// for a condition, for goroutines to end, for a log to say something.
package await

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

// Patience is how long anything may take on a busy machine. Nothing that works
// takes as long.
const Patience = 30 * time.Second

// pace is how often a condition is looked at.
const pace = 2 * time.Millisecond

// Until waits for a condition. It fails the test, with what everybody was doing,
// when that has taken too long.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !within(ok) {
		t.Fatalf("never happened: %s\n%s", what, stacks())
	}
}

// Goroutines fails the test at its end if more goroutines are left than there
// are now.
func Goroutines(t testing.TB) {
	before := goroutines()
	t.Cleanup(func() {
		if !within(func() bool { return runtime.NumGoroutine() <= before || goroutines() <= before }) {
			t.Errorf("goroutines: %d before, %d after\n%s", before, goroutines(), stacks())
		}
	})
}

// goroutines counts them, but for fasthttp's own: one that each server leaves
// behind, asleep for up to ten seconds, and one that keeps the date for all.
func goroutines() int {
	all := stacks()
	own := bytes.Count(all, []byte("fasthttp.(*workerPool).Start.func")) + bytes.Count(all, []byte("fasthttp.updateServerDate.func"))
	return runtime.NumGoroutine() - own
}

func within(ok func() bool) bool {
	for deadline := time.Now().Add(Patience); !ok(); time.Sleep(pace) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func stacks() []byte {
	buf := make([]byte, 1<<20)
	return buf[:runtime.Stack(buf, true)]
}
