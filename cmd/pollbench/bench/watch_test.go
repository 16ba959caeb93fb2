package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// tell lets a member see a version that was told behind another.
func tell(w *watch, number int, version, previous int64, changed, asked time.Time) {
	text := fmt.Sprintf(`{"version":%d,"previous":%d,"changed":%d,"asked":%d}`, version, previous, changed.UnixNano(), asked.UnixNano())
	w.see(&load.Member{Kind: load.SSE, Number: number}, []byte(text), 100)
}

func TestDeliveriesAreCountedFromTheSecondSnapshotOn(t *testing.T) {
	w, now := newWatch(2, []load.Kind{load.SSE}), time.Now()
	tell(w, 0, 1, 0, now, now)
	if w.arrived() != 1 || w.deliveries() != 0 {
		t.Error(w.arrived(), w.deliveries())
	}
	tell(w, 1, 1, 0, now, now)
	tell(w, 1, 2, 1, now, now)
	if w.arrived() != 2 || w.deliveries() != 1 || w.behind(2) != 1 || w.kinds[load.SSE].size() != 100 || w.strange.Load() != 0 {
		t.Error(w.arrived(), w.deliveries(), w.behind(2), w.strange.Load())
	}
}

func TestWhatComesTwiceOrGoesBackOrIsBrokenIsStrange(t *testing.T) {
	w, now := newWatch(1, []load.Kind{load.SSE}), time.Now()
	tell(w, 0, 5, 4, now, now)
	tell(w, 0, 5, 4, now, now)
	tell(w, 0, 3, 2, now, now)
	w.see(&load.Member{Kind: load.SSE}, []byte(`{"vers`), 100)
	if w.strange.Load() != 3 || w.deliveries() != 0 {
		t.Error(w.strange.Load(), w.deliveries())
	}
}

func TestWhoSkipsAVersionIsLateSinceTheFirstChangeNotSeen(t *testing.T) {
	w, now := newWatch(2, []load.Kind{load.SSE}), time.Now()
	long, short := now.Add(-time.Hour), now.Add(-time.Minute)
	for number := range 2 {
		tell(w, number, 1, 0, long, long)
	}
	tell(w, 0, 2, 1, long, short)
	tell(w, 0, 3, 2, short, short)
	if w.skipped.Load() != 0 || w.late.Quantile(0.5) > 2*time.Minute {
		t.Error(w.skipped.Load(), w.late.Quantile(0.5))
	}
	tell(w, 1, 3, 2, short, short)
	if w.skipped.Load() != 1 || w.late.Quantile(0.5) < time.Hour || w.waited.Max() != time.Hour-time.Minute {
		t.Error(w.skipped.Load(), w.late.Quantile(0.5), w.waited.Max())
	}
}
