package bench

import (
	"context"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

func TestASoakOfAMomentIsMeasuredAndJudged(t *testing.T) {
	alone(t)
	s, err := stage.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	b := &soak{
		options: SoakOptions{For: 2 * time.Second, Clients: 8, Say: t.Logf}, witness: newWitness(),
		quiet: time.Millisecond, period: 100 * time.Millisecond, crests: 1, // memory is too young to be judged
	}
	r, err := b.run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Judge()[:3] {
		if !p.Good {
			t.Errorf("%+v", p)
		}
	}
	if r.Visits == 0 || r.Requests == 0 || r.Writes.Sent == 0 || r.Writes.Lost+r.Writes.Repeated != 0 || r.Left[1].Live == 0 || r.Left[1].RSS == 0 {
		t.Errorf("%+v", r)
	}
	mentions(t, written(r.Write), "after the warm-up", "descriptors", "no write arrived twice", "verdict:")
}

// judgeSoak is the verdict on a good run with one thing changed.
func judgeSoak(change func(b *soak, r *SoakResult, uploads *int64)) Verdict {
	st := stretch{asked: 100, requests: 90, recovered: true, recovery: time.Second}
	b := &soak{options: SoakOptions{For: longSoak}, witness: newWitness(), stretches: [2]stretch{st, st}}
	b.witness.seen.Add(100)
	left := leftover{Goroutines: 100, Descriptors: 100, Live: 100 << 20, RSS: 100 << 20}
	r := &SoakResult{Writes: load.Account{Sent: 9, Good: 5, Arrived: 7}, Left: [2]leftover{left, left}}
	var uploads int64
	change(b, r, &uploads)
	return b.verdict(r, uploads)
}

func TestEachFaultOfASoakMakesTheVerdictBadByItself(t *testing.T) {
	if v := judgeSoak(func(*soak, *SoakResult, *int64) {}); !v.Good() {
		t.Fatalf("%+v", v)
	}
	for claim, change := range map[string]func(*soak, *SoakResult, *int64){
		"nobody was told what is another's":                              func(b *soak, _ *SoakResult, _ *int64) { b.witness.leaked.Add(1) },
		"no version went back":                                           func(b *soak, _ *SoakResult, _ *int64) { b.witness.back.Add(1) },
		"nothing was told that is no snapshot":                           func(b *soak, _ *SoakResult, _ *int64) { b.witness.strange.Add(1) },
		"no write was lost that was answered 2xx":                        func(_ *soak, r *SoakResult, _ *int64) { r.Writes.Lost = 1 },
		"no write arrived twice":                                         func(_ *soak, r *SoakResult, _ *int64) { r.Writes.Repeated = 1 },
		"no message of a socket overtook another":                        func(_ *soak, r *SoakResult, _ *int64) { r.Writes.Gaps = 1 },
		"no upload that was cut looked whole":                            func(_ *soak, _ *SoakResult, uploads *int64) { *uploads = 1 },
		"the origin got no more than its clients would have sent: soak":  func(b *soak, _ *SoakResult, _ *int64) { b.stretches[1].requests = 101 },
		"no answer took longer than 10s to begin: warm-up":               func(b *soak, _ *SoakResult, _ *int64) { b.stretches[0].hung = 1 },
		"no head dribbled in for longer than 3s: soak":                   func(b *soak, _ *SoakResult, _ *int64) { b.stretches[1].dribbled = 1 },
		"news within " + soakRecovery.String() + " of recovery: soak":    func(b *soak, _ *SoakResult, _ *int64) { b.stretches[1].recovery = time.Minute },
		"news within " + soakRecovery.String() + " of recovery: warm-up": func(b *soak, _ *SoakResult, _ *int64) { b.stretches[0].recovered = false },
		"goroutines within 5 %":                                          func(_ *soak, r *SoakResult, _ *int64) { r.Left[1].Goroutines = 106 },
		"descriptors within 5 %":                                         func(_ *soak, r *SoakResult, _ *int64) { r.Left[1].Descriptors = 106 },
		"live heap within 5 %":                                           func(_ *soak, r *SoakResult, _ *int64) { r.Left[1].Live = 106 << 20 },
		"resident memory within 5 %":                                     func(_ *soak, r *SoakResult, _ *int64) { r.Left[1].RSS = 106 << 20 },
	} {
		if bad := badOnes(judgeSoak(change)); len(bad) != 1 || bad[0] != claim {
			t.Errorf("%q, not %q", bad, claim)
		}
	}
}

// badOnes are the claims that are not so.
func badOnes(v Verdict) (claims []string) {
	for _, p := range v {
		if !p.Good {
			claims = append(claims, p.Claim)
		}
	}
	return claims
}

func TestHeldClientsWouldHaveAskedOncePerInterval(t *testing.T) {
	v := judgeSoak(func(b *soak, _ *SoakResult, _ *int64) {
		b.stretches[1].requests, b.stretches[1].held = 105, 5*soakInterval
	})
	if !v.Good() {
		t.Errorf("%+v", v)
	}
}

func TestAShortSoakAllowsForAYoungProcess(t *testing.T) {
	for rss, good := range map[int64]bool{24 << 20: true, 25 << 20: false} {
		v := judgeSoak(func(b *soak, r *SoakResult, _ *int64) {
			b.options.For, r.Left[0].RSS, r.Left[1].RSS = time.Minute, 20<<20, rss
		})
		if v.Good() != good {
			t.Errorf("%d MiB: %v", rss>>20, v)
		}
	}
}

func TestASoakThatSawNothingIsNotGood(t *testing.T) {
	for _, change := range []func(*soak, *SoakResult, *int64){
		func(b *soak, _ *SoakResult, _ *int64) { b.witness.seen.Store(0) },
		func(_ *soak, r *SoakResult, _ *int64) { r.Writes = load.Account{} },
		func(_ *soak, r *SoakResult, _ *int64) { r.Left[0] = leftover{} },
	} {
		if judgeSoak(change).Good() {
			t.Error("it is")
		}
	}
}

func TestAWitnessTellsWhatIsAnothersOrOlderOrNoSnapshot(t *testing.T) {
	w := newWitness()
	v := &load.Visit{Identity: "me", Target: "/mine", Versions: map[string]int64{}}
	for _, step := range []struct {
		text                  string
		strange, leaked, back int64
	}{
		{`{"version":5,"canary":"me","target":"/mine"}`, 0, 0, 0},
		{`{"version":5,"canary":"me","target":"/mine"}`, 0, 0, 0},
		{`{"version":4,"canary":"me","target":"/mine"}`, 0, 0, 1},
		{`{"version":6,"canary":"you","target":"/mine"}`, 0, 1, 1},
		{`{"version":6,"canary":"me","target":"/yours"}`, 0, 2, 1},
		{`{"version":6,"canary":"me","target":"/mine","once":7}`, 0, 2, 1},
		{`{"version":6,"canary":"me","target":"/mine","once":7}`, 0, 3, 1},
		{`{"version":6,"canary":"me","target":"/mi`, 1, 3, 1},
	} {
		w.see(v, []byte(step.text))
		if w.strange.Load() != step.strange || w.leaked.Load() != step.leaked || w.back.Load() != step.back {
			t.Errorf("%s: %s", step.text, w.summary())
		}
	}
	if w.seen.Load() != 8 || v.Versions["/mine"] != 6 {
		t.Error(w.seen.Load(), v.Versions)
	}
	mentions(t, w.found(&w.back), "1; first of all: /mine at 5 and then 4")
}

func TestSettlingEndsWhenNothingChangesOrTimeIsUp(t *testing.T) {
	alone(t)
	s, err := stage.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b := &soak{options: SoakOptions{Clients: 8, Say: t.Logf}, witness: newWitness(), quiet: time.Minute, period: time.Millisecond}
	if err := b.cast(s); err != nil {
		t.Fatal(err)
	}
	crowd := load.NewCrowd(b.proxy.Address, func(*load.Member, []byte, int64) {})
	defer crowd.Close()
	if err := crowd.Subscribe(t.Context(), load.SSE, "/x", 3); err != nil {
		t.Fatal(err)
	}
	if err := await(context.Background(), "the subscribers", func() (bool, error) { busy, _, err := b.look(); return busy, err }); err != nil {
		t.Fatal(err)
	}
	var st stretch
	if err := b.settle(t.Context(), &st); err != nil || st.left.Goroutines == 0 || st.left.Descriptors < 4 {
		t.Errorf("%+v, %v", st.left, err)
	}
	var tally child.Tally
	if err := b.origin.Ask("tally", &tally); err != nil || tally.Requests == 0 {
		t.Errorf("%+v, %v", tally, err)
	}
}
