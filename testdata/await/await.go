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
	before := Running()
	t.Cleanup(func() {
		if !within(func() bool { return runtime.NumGoroutine() <= before || Running() <= before }) {
			t.Errorf("goroutines: %d before, %d after\n%s", before, Running(), stacks())
		}
	})
}

// Running counts goroutines, but for fasthttp's own: workers that wait for a
// connection, one that each server leaves behind, asleep, and one that keeps the
// date for all. The first two end after ten seconds or so.
func Running() int {
	all, idle := stacks(), 0
	for _, own := range []string{
		"]:\ngithub.com/valyala/fasthttp.(*workerPool).workerFunc(",
		"fasthttp.(*workerPool).Start.func",
		"fasthttp.updateServerDate.func",
	} {
		idle += bytes.Count(all, []byte(own))
	}
	return runtime.NumGoroutine() - idle
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
