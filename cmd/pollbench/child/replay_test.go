package child

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// toldBy is what a resource of a trace says.
func toldBy(t *testing.T, g *replay, number string, seconds float64) Snapshot {
	t.Helper()
	s, ok := ParseSnapshot(g.answer(number, at(seconds)))
	if !ok {
		t.Fatalf("resource %s says nothing", number)
	}
	return s
}

func TestAResourceOfATraceChangesWhenItDid(t *testing.T) {
	g := newReplay(&trace.Trace{Horizon: 60, Resources: []trace.Resource{{Changes: []float64{9}}, {Changes: []float64{1, 4, 4.5}}}}, 300)
	if s := toldBy(t, g, "1", 0); s != (Snapshot{Version: 1, Previous: 1, Asked: at(0).UnixNano()}) {
		t.Errorf("before it began: %+v", s)
	}
	if began := g.begin(at(100)); began != at(100).UnixNano() {
		t.Error(began)
	}
	if s := toldBy(t, g, "1", 100.9); s.Version != 1 || s.Asked != at(0).UnixNano() {
		t.Errorf("before the first change: %+v", s)
	}
	want := Snapshot{Version: 2, Previous: 1, Changed: at(101).UnixNano(), Asked: at(101).UnixNano()}
	for _, now := range []float64{101, 103} {
		if s := toldBy(t, g, "1", now); s != want {
			t.Errorf("%+v, not %+v", s, want)
		}
	}
	want = Snapshot{Version: 4, Previous: 2, Changed: at(104.5).UnixNano(), Asked: at(110).UnixNano()}
	if s := toldBy(t, g, "1", 110); s != want {
		t.Errorf("%+v, not %+v", s, want)
	}
	if s := toldBy(t, g, "0", 110); s.Version != 2 {
		t.Errorf("another: %+v", s)
	}
	for _, stranger := range []string{"2", "-1", "x", ""} {
		if body := g.answer(stranger, at(111)); body != nil {
			t.Errorf("%q: %q", stranger, body)
		}
	}
	came := []int64{at(0).UnixNano(), at(100.9).UnixNano(), at(101).UnixNano(), at(103).UnixNano(), at(110).UnixNano(), at(110).UnixNano()}
	if got := g.came(); !slices.Equal(got[:6], came) || len(got) != 10 {
		t.Error(got)
	}
}

func TestAResourceThatTellsInstantsHasAPathThatSaysSo(t *testing.T) {
	if silent, telling := ReplayPath(trace.Resource{}, 7), ReplayPath(trace.Resource{Instants: true}, 8); silent != "/silent/7" || telling != "/telling/8" {
		t.Error(silent, telling)
	}
}

func TestAnOriginThatIsNeverLateSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, done := newReplay(&trace.Trace{}, 0), make(chan struct{})
		g.late.Store(-1)
		go g.doze(done)
		time.Sleep(10 * dozes)
		close(done)
		if synctest.Wait(); g.late.Load() != 0 {
			t.Error(g.late.Load())
		}
	})
}
