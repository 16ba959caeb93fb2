package bench

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// onLinux skips where thousands of clients cannot be held.
func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip(audience.ErrSystem)
	}
	alone(t)
}

func TestFanTellsAllSubscribersByEachTransport(t *testing.T) {
	onLinux(t)
	profile := filepath.Join(t.TempDir(), "cpu")
	r, err := Fan(t.Context(), FanOptions{
		N: []int{10, 30}, Feeds: []int{1}, Kinds: load.Kinds(), Rounds: 1, Bursts: 2, Body: 1024, Profile: profile, Say: func(string, ...any) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	servers := map[load.Kind]int{}
	for _, row := range r.Rows {
		servers[row.Kind]++
		if row.Deliveries != int64(2*row.N) || row.Skipped != 0 || row.CPU <= 0 || row.Last <= 0 || row.Wire < 1024 {
			t.Errorf("%+v", row)
		}
	}
	nchans := 1 - len(r.Missing)
	want := map[load.Kind]int{load.NDJSON: 4, load.Multipart: 4, load.SSE: 4 + 2*nchans, load.WebSocket: 4 + 2*nchans, load.Longpoll: 4 + 2*nchans}
	if !maps.Equal(servers, want) || !r.Judge().Good() {
		t.Errorf("%v, %+v", servers, badOnes(r.Judge()))
	}
	if _, ok := r.Ratios()["sse to 30, CPU against bare loop"]; !ok || len(r.Growth) != 10+3*nchans {
		t.Error(r.Ratios(), r.Growth)
	}
	mentions(t, written(r.Write), "1024 B to 30 of websocket", "Extrapolated", "verdict: good")
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Error(info, err)
	}
}

func TestFanSpreadsSubscribersOverFeeds(t *testing.T) {
	onLinux(t)
	r, err := Fan(t.Context(), FanOptions{N: []int{20}, Feeds: []int{1, 5, 100}, Kinds: []load.Kind{load.SSE}, Rounds: 1, Body: 300, Say: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	var feeds []int
	for _, row := range r.Rows {
		if row.Server == pollmux {
			feeds = append(feeds, row.Feeds)
		}
	}
	if !slices.Equal(feeds, []int{1, 5}) || !r.Judge().Good() {
		t.Error(feeds, badOnes(r.Judge()))
	}
	mentions(t, written(r.Write), "on 5 feeds", "sse, pollmux feeds")
}

func TestReadersThatStopGetTheNewestNext(t *testing.T) {
	onLinux(t)
	r, err := Fan(t.Context(), FanOptions{N: []int{20}, Feeds: []int{1}, Kinds: []load.Kind{load.NDJSON}, Rounds: 1, Bursts: 1, Body: 300, Slow: 0.1, Say: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Slow; s == nil || s.Stopped != 2 || s.Resumed != 2 || s.Wrong != 0 {
		t.Errorf("%+v", r.Slow)
	}
	mentions(t, written(r.Write), "2 of 20 of ndjson stop reading", "p99 of the others")
}

func TestALineIsTheLeastSquaresFit(t *testing.T) {
	for _, test := range []struct {
		x, y []float64
		want Line
	}{
		{[]float64{0, 1, 2}, []float64{5, 7, 9}, Line{Fixed: 5, Slope: 2, Fit: 1, Points: 3}},
		{[]float64{1, 2, 3, 4}, []float64{6, 5, 7, 10}, Line{Fixed: 3.5, Slope: 1.4, Fit: 0.7, Points: 4}},
		{[]float64{1, 2}, []float64{3, 3}, Line{Fixed: 3, Fit: 1, Points: 2}},
		{[]float64{4, 4}, []float64{1, 3}, Line{Fixed: 2, Fit: 1, Points: 2}}, // no slope to tell
		{[]float64{4}, []float64{3}, Line{Fixed: 3, Fit: 1, Points: 1}},
	} {
		got := fit(test.x, test.y)
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
		if !near(got.Fixed, test.want.Fixed) || !near(got.Slope, test.want.Slope) || !near(got.Fit, test.want.Fit) || got.Points != test.want.Points {
			t.Errorf("%v, %v: %+v, not %+v", test.x, test.y, got, test.want)
		}
	}
	if l := (Line{Fixed: 5, Slope: 2}); l.at(million) != 2_000_005 {
		t.Error(l.at(million))
	}
}

func TestGrowthIsOfRowsThatDifferInOneSize(t *testing.T) {
	row := func(n, feeds int, cpu float64) FanRow {
		return FanRow{Kind: load.SSE, Server: pollmux, N: n, Feeds: feeds, CPU: cpu, Last: float64(n) / 100}
	}
	all := grow([]FanRow{row(1000, 1, 8), row(2000, 1, 8), row(2000, 10, 9), row(3000, 5000, 10)})
	if len(all) != 2 || all[0].Of != "subscribers" || all[1].Of != "feeds" {
		t.Fatalf("%+v", all)
	}
	if s := all[0].CPU.Slope * 1e3; math.Abs(s-8) > 1e-9 || math.Abs(all[0].CPU.at(million)-8000) > 1e-6 { // 8 µs per subscriber
		t.Error(s, all[0].CPU.at(million))
	}
	if s := all[1].CPU; math.Abs(s.Slope-2.0/9) > 1e-9 || s.Points != 2 {
		t.Error(s)
	}
	if grow([]FanRow{row(10, 1, 1)}) != nil {
		t.Error("one point is no line")
	}
}

// judgeFan is the verdict on a good result with one thing changed.
func judgeFan(change func(rows []FanRow, slow *SlowResult)) Verdict {
	ratio := func(x float64) map[string]Spread {
		return map[string]Spread{bareLoop: {Median: x}, nchan: {Median: 0.9}}
	}
	row := func(k load.Kind) FanRow {
		return FanRow{
			Kind: k, Server: pollmux, N: 10_000, Feeds: 1, CPUAgainst: ratio(1.1), LastAgainst: ratio(1.2),
			Deliveries: 100, Polls: 5, MaxPolls: 5, Memory: [2]int64{100 << 20, 110 << 20},
		}
	}
	r := &FanResult{
		Rows: []FanRow{row(load.SSE), row(load.Longpoll), {Kind: load.SSE, Server: nchan, N: 10_000, Feeds: 1}},
		Slow: &SlowResult{Stopped: 10, Resumed: 20, Blocked: 20, Ratio: Spread{Median: 1.1}, Memory: [2]int64{100 << 20, 100 << 20}},
	}
	change(r.Rows, r.Slow)
	r.judge(true)
	return r.Judge()
}

func TestEachFaultOfAFanMakesTheVerdictBadByItself(t *testing.T) {
	if v := judgeFan(func([]FanRow, *SlowResult) {}); !v.Good() || len(v) != 13 {
		t.Fatalf("%d, %+v", len(v), badOnes(v))
	}
	for claim, change := range map[string]func([]FanRow, *SlowResult){
		"pollmux to 10000 of sse: nobody was dropped, all got every version":               func(rows []FanRow, _ *SlowResult) { rows[0].Skipped = 1 },
		"pollmux to 10000 of longpoll: nobody was dropped, all got every version":          func(rows []FanRow, _ *SlowResult) { rows[1].Deliveries = 0 },
		"pollmux to 10000 of sse: one origin request per interval":                         func(rows []FanRow, _ *SlowResult) { rows[0].Polls = 6 },
		"pollmux to 10000 of sse: memory is flat":                                          func(rows []FanRow, _ *SlowResult) { rows[0].Memory[1] = 130 << 20 },
		"sse: CPU per delivery: at most 1.15 × bare loop":                                  func(rows []FanRow, _ *SlowResult) { rows[0].CPUAgainst[bareLoop] = Spread{Median: 1.16} },
		"longpoll: CPU per delivery and next request: at most 1.00 × nchan":                func(rows []FanRow, _ *SlowResult) { rows[1].CPUAgainst[nchan] = Spread{} },
		"sse: the last is served: at most 1.25 × bare loop":                                func(rows []FanRow, _ *SlowResult) { rows[0].LastAgainst[bareLoop] = Spread{Median: 1.26} },
		"whoever stops reading holds nothing up but himself: versions are skipped for him": func(_ []FanRow, s *SlowResult) { s.Blocked = 19 },
		"a reader that resumes gets the newest version next":                               func(_ []FanRow, s *SlowResult) { s.Wrong = 1 },
		"memory is flat while readers are stopped":                                         func(_ []FanRow, s *SlowResult) { s.Memory[1] = 130 << 20 },
		"the others' p99: at most 1.10 × that without":                                     func(_ []FanRow, s *SlowResult) { s.Ratio.Median = 1.11 },
	} {
		if bad := badOnes(judgeFan(change)); len(bad) != 1 || bad[0] != claim {
			t.Errorf("%q, not %q", bad, claim)
		}
	}
	if v := judgeFan(func(rows []FanRow, _ *SlowResult) { delete(rows[1].CPUAgainst, nchan) }); !v.Good() || len(v) != 12 {
		t.Error("nothing is claimed of a peer that is not there:", v)
	}
}

func TestHerdIsAnsweredAndHeldAgain(t *testing.T) {
	onLinux(t)
	r, err := Herd(t.Context(), HerdOptions{N: 30, For: time.Second, Every: 100 * time.Millisecond, Rounds: 2, Body: 300, Say: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Judge().Good() || len(r.Rows) != 3-len(r.Missing) || r.Rows[0].Deliveries+r.Rows[0].Skipped < 270 || r.Rows[0].CPU <= 0 {
		t.Errorf("%+v, %+v", r.Rows, badOnes(r.Judge()))
	}
	if _, ok := r.Ratios()["p99 of delivery, against pollmux, sse"]; !ok {
		t.Error(r.Ratios())
	}
	mentions(t, written(r.Write), "30 long polls, 300 B", overSSE, "verdict: good")
}

func TestEachFaultOfAHerdMakesTheVerdictBadByItself(t *testing.T) {
	judge := func(change func(row *HerdRow)) Verdict {
		row := HerdRow{
			Server: pollmux, Deliveries: 90, Skipped: 10, Cycles: 10, Last: 900, Memory: [2]int64{100 << 20, 100 << 20},
			CPUAgainst: map[string]Spread{nchan: {Median: 1}}, P99Against: map[string]Spread{overSSE: {Median: 1.5}},
		}
		change(&row)
		r := &HerdResult{N: 10, Rows: []HerdRow{row, {Server: nchan}, {Server: overSSE}}}
		r.judge(true, time.Second)
		return r.Judge()
	}
	if v := judge(func(*HerdRow) {}); !v.Good() || len(v) != 5 {
		t.Fatalf("%+v", v)
	}
	for claim, change := range map[string]func(*HerdRow){
		"pollmux: nobody was lost: everybody got every version or a newer one, and the last": func(row *HerdRow) { row.Deliveries = 89 },
		"pollmux: a cycle takes less than 1s":                                                func(row *HerdRow) { row.Last = 1000 },
		"pollmux: memory is flat":                                                            func(row *HerdRow) { row.Memory[1] = 130 << 20 },
		"CPU per client and cycle: at most 1.00 × nchan":                                     func(row *HerdRow) { row.CPUAgainst[nchan] = Spread{Median: 1.01} },
		"p99 of delivery: at most 1.50 × pollmux, sse":                                       func(row *HerdRow) { row.P99Against[overSSE] = Spread{Median: 1.51} },
	} {
		if bad := badOnes(judge(change)); len(bad) != 1 || bad[0] != claim {
			t.Errorf("%q, not %q", bad, claim)
		}
	}
}

func TestChurnLeavesNobodyBehind(t *testing.T) {
	onLinux(t)
	s, err := stage.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	o := ChurnOptions{Rate: 100, For: time.Second, Kinds: load.Kinds(), Say: func(string, ...any) {}}
	b := &churn{options: o, result: &ChurnResult{}, period: time.Second} // idle goroutines of fasthttp last longer
	if err := b.run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	r := b.result
	r.judge(o)
	if r.Came < 50 || r.Dropped > 0 || r.Left[1].Held != 0 || r.Start.Goroutines == 0 || r.Left[1].Descriptors > r.Start.Descriptors+churnDescriptors {
		t.Errorf("%+v", r)
	}
	mentions(t, written(r.Write), "with nobody left", "no subscriber is left")
}

func TestEachTraceOfAChurnMakesTheVerdictBadByItself(t *testing.T) {
	judge := func(change func(r *ChurnResult)) Verdict {
		left := leftover{Goroutines: 10, Descriptors: 12, Live: 10 << 20, RSS: 100 << 20}
		r := &ChurnResult{Came: 950, Start: leftover{Goroutines: 6, Descriptors: 10}, Left: [2]leftover{left, left}}
		change(r)
		r.judge(ChurnOptions{Rate: 100, For: 10 * time.Second})
		return r.Judge()
	}
	if v := judge(func(*ChurnResult) {}); !v.Good() || len(v) != 6 {
		t.Fatalf("%+v", v)
	}
	for i, change := range []func(*ChurnResult){
		func(r *ChurnResult) { r.Came = 800 },
		func(r *ChurnResult) { r.Dropped = 1 },
		func(r *ChurnResult) { r.Left[1].Held = 1 },
		func(r *ChurnResult) { r.Left[1].Goroutines = 11 },
		func(r *ChurnResult) { r.Left[1].Descriptors = 13 },
		func(r *ChurnResult) { r.Left[1].Live = 11 << 20 },
		func(r *ChurnResult) { r.Left[1].RSS = 106 << 20 },
	} {
		if bad := badOnes(judge(change)); len(bad) != 1 {
			t.Errorf("%d: %q", i, bad)
		}
	}
}

func TestEachBarOfPollsAndPassesIsJudged(t *testing.T) {
	rows := func(against map[string]float64) []Row {
		row := Row{Server: pollmux, Against: map[string]Spread{}}
		for reference, x := range against {
			row.Against[reference] = Spread{Median: x}
		}
		return []Row{row, {Server: nginx}}
	}
	poll := &PollResult{Rows: append(rows(map[string]float64{bare: 1.16, nginx: 0.7}), Row{
		Server: pollmux + unchanged, Against: map[string]Spread{bare + unchanged: {Median: 1.1}, pollmux: {Median: 1.01}},
	})}
	poll.judge(true)
	if bad := badOnes(poll.Judge()); len(poll.Judge()) != 4 || !slices.Equal(bad, []string{"CPU of a 200: at most 1.15 × bare", "CPU of a 304: at most 1.00 × pollmux"}) {
		t.Error(bad, poll.Judge())
	}
	pass := &PassResult{Small: rows(map[string]float64{nginx: 1}), Down: rows(map[string]float64{nginx: 1.01}), Up: rows(nil)}
	pass.judge(true)
	if bad := badOnes(pass.Judge()); len(pass.Judge()) != 2 || !slices.Equal(bad, []string{"CPU of a download: at most 1.00 × nginx"}) {
		t.Error(bad, pass.Judge())
	}
	for _, r := range []interface{ judge(bars bool) }{&PollResult{Rows: poll.Rows}, &PassResult{Small: pass.Down}} {
		if r.judge(false); !r.(interface{ Judge() Verdict }).Judge().Good() {
			t.Errorf("%+v", r)
		}
	}
}
