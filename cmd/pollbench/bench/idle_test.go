package bench

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func TestIdleWeighsEachKindAgainstTheReferences(t *testing.T) {
	alone(t)
	r, err := Idle(t.Context(), IdleOptions{
		N: 40, Points: 2, Kinds: []load.Kind{load.SSE, load.Longpoll}, Feed: 20, For: 100 * time.Millisecond, Bars: true, Say: t.Logf,
	})
	if err != nil || !slices.Equal(r.Sizes, []int{0, 20, 40}) || len(r.Rows)+2*len(r.Missing) != 7 || len(r.Feeds) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if ratios := r.Ratios(); len(ratios) != 2 || len(r.Judge()) != 4 {
		t.Error(ratios, r.Judge())
	}
	mentions(t, written(r.Write), socketOnly, goroutine, stream, "pollmux, sse", "pollmux, longpoll", "0, 20, 40 clients", "CPU, of one core", "Extrapolated")
}

func TestMemoryIsTheSlopeOfALineAndComparedWithAGoroutine(t *testing.T) {
	weighed := func(server string, memory ...int64) (f Footprint) {
		f.Server = server
		for _, m := range memory {
			f.Points = append(f.Points, Weighing{Memory: m, AsIs: 2 * m, InUse: m / 2})
		}
		f.fit([]int{0, 10, 20})
		return f
	}
	r := &IdleResult{Rows: []Footprint{
		weighed(goroutine, 1000, 2000, 3000),
		weighed("pollmux, sse", 5000, 7000, 12000),
		weighed("pollmux, ndjson", 7000, 4000, 1000), // the collector's whim
	}}
	r.complete(true)
	for i, want := range []struct{ slope, ratio float64 }{{100, 1}, {350, 3.5}, {-300, 0}} {
		f := r.Rows[i]
		if math.Abs(f.Memory.Slope-want.slope) > 1e-6 || f.Ratio != want.ratio || f.AsIs.Slope != 2*f.Memory.Slope || f.InUse.Slope != f.Memory.Slope/2 {
			t.Errorf("%+v, not %+v", f, want)
		}
	}
	if len(r.Verdict) != 2 || !r.Verdict.Good() {
		t.Error(r.Verdict)
	}
}

func TestEachBarOfIdlenessIsJudged(t *testing.T) {
	heavy := Footprint{Server: "pollmux, websocket", Kind: load.WebSocket, Memory: Line{Slope: barTwoWay + 1}}
	light := Footprint{Server: "pollmux, websocket", Kind: load.WebSocket, Memory: Line{Slope: barStream + 1}}
	stream := Footprint{Server: "pollmux, sse", Kind: load.SSE, Memory: Line{Slope: barStream + 1}}
	for name, test := range map[string]struct {
		r    IdleResult
		good bool
	}{
		"a WebSocket":               {IdleResult{Rows: []Footprint{light}}, true},
		"a WebSocket above it":      {IdleResult{Rows: []Footprint{heavy}}, false},
		"a stream above it":         {IdleResult{Rows: []Footprint{stream}}, false},
		"a feed":                    {IdleResult{Feeds: []IdleFeed{{Server: pollmux, CPU: 0.99}}}, true},
		"a feed above it":           {IdleResult{Feeds: []IdleFeed{{Server: pollmux, CPU: 1}}}, false},
		"somebody else's, above it": {IdleResult{Feeds: []IdleFeed{{Server: "another", CPU: 9}}}, true},
	} {
		if test.r.judge(); test.r.Verdict.Good() != test.good {
			t.Errorf("%s: %+v", name, test.r.Verdict)
		}
	}
}
