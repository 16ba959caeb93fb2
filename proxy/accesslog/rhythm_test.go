package accesslog

import (
	"math"
	"math/rand/v2"
	"testing"
)

// gapsOf are gaps in seconds, made up n times.
func gapsOf(n int, gap func(i int) float64) []float64 {
	gaps := make([]float64, n)
	for i := range gaps {
		gaps[i] = gap(i)
	}
	return gaps
}

func rhythmOf(gaps []float64) *rhythm {
	random := rand.New(rand.NewPCG(7, 7))
	h := &rhythm{}
	h.add(0, false, 0)
	for _, gap := range gaps {
		h.add(float32(gap), false, random.Uint64())
	}
	return h
}

// Of a thousand flows of each sort, so many per cent are taken for polls.
func TestTimersAreToldFromPeople(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	jittered := func(part float64) func(int) float64 {
		return func(int) float64 { return 10 * (1 + part*(2*random.Float64()-1)) }
	}
	people := func(int) float64 { return 20 * math.Exp(1.1*random.NormFloat64()) }
	for name, test := range map[string]struct {
		n           int
		gap         func(i int) float64
		least, most int
	}{
		"even":               {20, jittered(0.02), 1000, 1000},
		"a third off":        {20, jittered(0.3), 990, 1000},
		"four requests":      {3, jittered(0.1), 1000, 1000},
		"three requests":     {2, jittered(0), 0, 0},
		"with long pauses":   {40, func(i int) float64 { return []float64{10, 10, 10, 10, 10, 10, 10, 700}[i%8] }, 1000, 1000},
		"back-off":           {9, func(i int) float64 { return math.Min(math.Exp2(float64(i)), 120) }, 1000, 1000},
		"two in one":         {60, func(i int) float64 { return []float64{3, 7}[i%2] }, 1000, 1000},
		"people":             {8, people, 0, 60},
		"people, few":        {3, people, 0, 130},
		"people, many":       {30, people, 0, 30},
		"at once":            {8, func(int) float64 { return 0.05 }, 0, 0},
		"a burst, by halves": {4, func(int) float64 { return 0.3 }, 0, 0},
	} {
		polls := 0
		for range 1000 {
			if rhythmOf(gapsOf(test.n, test.gap)).isEven() {
				polls++
			}
		}
		if polls < test.least || polls > test.most {
			t.Errorf("%s: %d of 1000 are taken for polls", name, polls)
		}
	}
}

func TestThePeriodIsTheGapInTheMiddle(t *testing.T) {
	h := rhythmOf([]float64{5, 5.2, 4.9, 600, 5.1})
	if p := h.period(); p < 5 || p > 5.2 {
		t.Error(p)
	}
	var p periods
	p.add(5, 100)
	p.add(60, 20)
	if got := p.middle(); got.Seconds() != 5 {
		t.Error(got)
	}
	if (&periods{}).middle() != 0 {
		t.Error("nothing has a period")
	}
	for _, seconds := range []float64{0, 0.01, 1e9} {
		if bin := periodBin(seconds); bin < 0 || bin >= periodBins {
			t.Error(seconds, bin)
		}
	}
}

func TestTheIntervalIsThePeriodRoundedDown(t *testing.T) {
	l := newLadder(0)
	if len(l) > rungs {
		t.Fatal(len(l))
	}
	for period, want := range map[float64]float64{0.1: 0.5, 1: 1, 1.9: 2, 4.8: 5, 4: 3, 60: 60, 290: 300, 9999: 300} {
		if got := l[l.suits(secondsOf(period))].Seconds(); got != want {
			t.Errorf("%v: %v", period, got)
		}
	}
}
