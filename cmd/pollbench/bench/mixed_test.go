package bench

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func TestSubscribersOfAllKindsEndWithTheLastVersion(t *testing.T) {
	alone(t)
	profile := filepath.Join(t.TempDir(), "cpu")
	r, err := Mixed(t.Context(), MixedOptions{
		Profile: profile, Each: 4, Kinds: load.Kinds(), For: time.Second, Interval: 50 * time.Millisecond, Body: 300, Allow: 10 * time.Second, Say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Judge().Good() || r.Subscribers != 20 {
		t.Errorf("%+v", r)
	}
	for _, k := range load.Kinds() {
		if r.Deliveries[k] < 4 || r.WireBytes[k] < 300 {
			t.Errorf("%s: %d deliveries of %d bytes", k, r.Deliveries[k], r.WireBytes[k])
		}
	}
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Error(info, err)
	}
	mentions(t, written(r.Write), "multipart", "change to client", "verdict: good")
}

// judge is the verdict on a good run with one thing changed.
func judge(change func(b *mixed, r *MixedResult)) Verdict {
	b := &mixed{
		options: MixedOptions{Interval: time.Second, Allow: time.Second},
		members: 1, watch: newWatch(1, []load.Kind{load.SSE}), crowd: load.NewCrowd("", nil),
		halves: [2]half{{polls: 30, took: 30 * time.Second}, {polls: 30, took: 30 * time.Second}},
	}
	b.watch.kinds[load.SSE].add(500)
	r := &MixedResult{RSS: [2]int64{100 << 20, 100 << 20}, Goroutines: [2]int64{1000, 1000}}
	change(b, r)
	return b.verdict(r)
}

func TestEachFaultOfARunMakesTheVerdictBadByItself(t *testing.T) {
	if v := judge(func(*mixed, *MixedResult) {}); !v.Good() {
		t.Fatalf("%+v", v)
	}
	for claim, change := range map[string]func(*mixed, *MixedResult){
		"every subscriber has the last version":              func(b *mixed, _ *MixedResult) { b.behind = 1 },
		"changes were delivered":                             func(b *mixed, _ *MixedResult) { b.watch.kinds[load.SSE] = &account{} },
		"no version came twice, or went back, or was broken": func(b *mixed, _ *MixedResult) { b.watch.strange.Add(1) },
		"one origin request per interval":                    func(b *mixed, _ *MixedResult) { b.halves[1].polls += 5 },
		"99 % heard of a change within the interval and 1s":  func(b *mixed, _ *MixedResult) { b.watch.late.Add(3 * time.Second) },
		"resident memory is flat":                            func(_ *mixed, r *MixedResult) { r.RSS[1] = 130 << 20 },
		"goroutines are flat":                                func(_ *mixed, r *MixedResult) { r.Goroutines[1] = 1200 },
	} {
		var bad []string
		for _, p := range judge(change) {
			if !p.Good {
				bad = append(bad, p.Claim)
			}
		}
		if len(bad) != 1 || bad[0] != claim {
			t.Errorf("%q, not %q", bad, claim)
		}
	}
	if got := dropped([]error{errors.New("why"), errors.New("x")}); got != "2, the first: why" {
		t.Error(got)
	}
}

func TestTheStateOfTheProxyIsTakenFromTheLaterQuarterOfAHalf(t *testing.T) {
	var h half
	for i := range 8 {
		h.samples = append(h.samples, sample{rss: int64(i), goroutines: int64(10 * i)})
	}
	if rss, goroutines := h.late(); rss != 5 || goroutines != 55 {
		t.Error(rss, goroutines)
	}
	if rss, goroutines := (&half{}).late(); rss != 0 || goroutines != 0 {
		t.Error(rss, goroutines)
	}
}
