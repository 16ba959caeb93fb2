package bench

import (
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func TestIdleWeighsEachKindAgainstTheReferences(t *testing.T) {
	alone(t)
	r, err := Idle(t.Context(), IdleOptions{N: 40, Kinds: []load.Kind{load.SSE, load.Longpoll}, Say: t.Logf})
	if err != nil || r.Sizes != [2]int{10, 40} || len(r.Rows) != 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	if ratios := r.Ratios(); len(ratios) != 2 {
		t.Error(ratios)
	}
	mentions(t, written(r.Write), socketOnly, goroutine, stream, "sse", "longpoll", "10 and 40 clients")
}

func TestMemoryIsTheSlopeBetweenTwoSizesAndComparedWithAGoroutine(t *testing.T) {
	b := &idle{sizes: [2]int{10, 30}}
	r := &IdleResult{Rows: []Footprint{
		b.slope(goroutine, [2]weighing{{rss: 1000, asIs: 5, inUse: 7}, {rss: 3000, asIs: 45, inUse: 7}}),
		b.slope("sse", [2]weighing{{rss: 1000}, {rss: 7000}}),
		b.slope("ndjson", [2]weighing{{rss: 7000}, {rss: 1000}}), // the collector's whim
	}}
	r.compare()
	want := []Footprint{
		{Server: goroutine, RSS: 100, AsIs: 2, Ratio: 1},
		{Server: "sse", RSS: 300, Ratio: 3},
		{Server: "ndjson", RSS: -300},
	}
	for i := range want {
		if r.Rows[i] != want[i] {
			t.Errorf("%+v, not %+v", r.Rows[i], want[i])
		}
	}
}
