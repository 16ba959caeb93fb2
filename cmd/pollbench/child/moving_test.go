package child

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const second = int64(time.Second)

// at is an instant of the tests' clock.
func at(seconds float64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// ask returns what the resource says.
func ask(t *testing.T, m *moving, seconds float64) Snapshot {
	t.Helper()
	body := m.answer(at(seconds))
	s, ok := ParseSnapshot(body)
	if !ok || !json.Valid(body) {
		t.Fatalf("%q", body)
	}
	return s
}

func TestTheResourceChangesOnlyWhileItRuns(t *testing.T) {
	m := newMoving(0, time.Second)
	first := ask(t, m, 0)
	if first.Version != 1 || first.Previous != 0 {
		t.Errorf("%+v", first)
	}
	if later := ask(t, m, 100); later != first {
		t.Errorf("%+v, then %+v", first, later)
	}
	m.resume(at(100))
	last := m.freeze(at(110))
	if last < 10 || last > 30 {
		t.Errorf("%d versions in ten intervals", last)
	}
	if s := ask(t, m, 200); s.Version != last || s.Previous != 1 {
		t.Errorf("%+v, not %d", s, last)
	}
	m.resume(at(300))
	if s := ask(t, m, 300); s.Version != last {
		t.Errorf("changed from %d to %+v at once", last, s)
	}
}

func TestASnapshotTellsWhenItsFirstUntoldChangeHappened(t *testing.T) {
	m := newMoving(0, time.Second)
	before := ask(t, m, 0)
	m.resume(at(10))
	gap := m.gap()
	s := ask(t, m, 15)
	if s.Version < 3 || s.Previous != before.Version || s.Changed != at(10).Add(gap).UnixNano() || s.Asked != at(15).UnixNano() {
		t.Errorf("%+v", s)
	}
	if again := ask(t, m, 15.01); again != s {
		t.Errorf("%+v, then %+v without a change", s, again)
	}
	next := ask(t, m, 20)
	if next.Previous != s.Version || next.Changed <= at(15).UnixNano() || next.Changed > at(20).UnixNano() {
		t.Errorf("%+v", next)
	}
}

func TestTheResourceIsSlowerThanTheIntervalAtTimesAndFasterAtOthers(t *testing.T) {
	m := newMoving(0, time.Second)
	slow, fast := 0, 0
	for range 16 {
		switch gap := m.gap(); {
		case gap > time.Second:
			slow++
		case gap < time.Second/4:
			fast++
		}
		m.version++
	}
	if slow < 3 || fast < 3 {
		t.Errorf("%d slow and %d fast of 16", slow, fast)
	}
}

func TestASnapshotIsAsLongAsItShallBe(t *testing.T) {
	s := Snapshot{Version: 12, Previous: 11, Changed: 1_700_000_000 * second, Asked: 1_700_000_001 * second}
	body := s.render(500)
	if got, ok := ParseSnapshot(body); len(body) != 500 || !ok || got != s {
		t.Errorf("%d bytes, %+v", len(body), got)
	}
	for _, broken := range []string{"", "{}", `{"version":1}`, strings.Repeat("x", 500)} {
		if got, ok := ParseSnapshot([]byte(broken)); ok {
			t.Errorf("%.20q: %+v", broken, got)
		}
	}
}
