package trace

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// generate makes up a trace with the kind's own number and horizon.
func generate(t *testing.T, kind string, seed uint64) *Trace {
	t.Helper()
	made, err := Generate(kind, Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// The figures of README.md are of these traces.
func TestEachKindIsTheSameForTheSameSeed(t *testing.T) {
	changes := map[string]int{}
	for _, k := range Kinds() {
		made := generate(t, k.Name, 1)
		changes[k.Name] = made.Changes()
		if made.Name != k.Name || len(made.Resources) != k.n || made.Horizon != k.horizon || k.About == "" {
			t.Errorf("%s: %q, %d resources, %v s", k.Name, made.Name, len(made.Resources), made.Horizon)
		}
		if !reflect.DeepEqual(made, generate(t, k.Name, 1)) {
			t.Errorf("%s: another one for the same seed", k.Name)
		}
		if reflect.DeepEqual(made.Resources, generate(t, k.Name, 2).Resources) {
			t.Errorf("%s: the same for another seed", k.Name)
		}
	}
	want := map[string]int{
		"poisson": 528096, "half-periodic": 539107, "periodic-instants": 539107, "sleepers": 550803, "swap": 517468,
		"drift": 91720, "mixed": 382237, "flash": 63594, "diurnal": 772846, "lively": 158763,
	}
	if !reflect.DeepEqual(changes, want) {
		t.Errorf("%v, not %v", changes, want)
	}
}

func TestWhatWasMadeUpIsTheSameWhenWrittenAndRead(t *testing.T) {
	for _, k := range Kinds() {
		made, err := Generate(k.Name, Options{Seed: 3, N: 40, Horizon: 50 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := made.Write(&text); err != nil {
			t.Fatal(err)
		}
		read, err := Read(&text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range made.Resources { // nothing is nothing
			made.Resources[i].Changes = append(changes{}, made.Resources[i].Changes...)
			read.Resources[i].Changes = append(changes{}, read.Resources[i].Changes...)
		}
		if !reflect.DeepEqual(made, read) || len(made.Resources) != 40 || made.Horizon != 3000 {
			t.Errorf("%s: not what was made up", k.Name)
		}
	}
}

func TestWhatCannotBeMadeUpIsRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"-1 resources for 7200 s: choose 1 to 100000 resources":     {N: -1},
		"100001 resources for 7200 s: choose":                       {N: 100_001},
		"1000 resources for -1 s: choose":                           {Horizon: -time.Second},
		"1000 resources for 360000 s: choose 1 to 100000 resources": {Horizon: 100 * time.Hour},
	} {
		if _, err := Generate("poisson", o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	if _, err := Generate("poison", Options{}); err == nil || !strings.HasPrefix(err.Error(), `there is no kind "poison": choose from poisson, half-periodic, `) {
		t.Error(err)
	}
}

func TestWeightsAreZipfs(t *testing.T) {
	for _, k := range Kinds() {
		made := generate(t, k.Name, 4)
		var weights []float64
		for _, r := range made.Resources {
			weights = append(weights, r.Weight)
		}
		if slices.IsSorted(weights) {
			t.Errorf("%s: weights are in order", k.Name)
		}
		slices.Sort(weights)
		slices.Reverse(weights)
		if weights[0] != 1000 || weights[1] != 500 || weights[9] != 100 || weights[99] != 10 {
			t.Errorf("%s: %v", k.Name, weights[:100])
		}
	}
}

// variation is the standard deviation of the times between changes, by their mean: 1 for
// a Poisson process, 0 for a clock.
func variation(changes []float64) float64 {
	n := float64(len(changes) - 1)
	mean := (changes[len(changes)-1] - changes[0]) / n
	squares := 0.0
	for i := 1; i < len(changes); i++ {
		d := changes[i] - changes[i-1] - mean
		squares += d * d / n
	}
	return math.Sqrt(squares) / mean
}

// middle is the median variation of those that change often, and of how many.
func middle(made *Trace, which func(i int) bool) (float64, int) {
	var all []float64
	for i, r := range made.Resources {
		if which(i) && len(r.Changes) >= 100 {
			all = append(all, variation(r.Changes))
		}
	}
	slices.Sort(all)
	return all[len(all)/2], len(all)
}

func TestTheTimesBetweenChangesAreThoseOfTheKind(t *testing.T) {
	every := func(int) bool { return true }
	even, odd := func(i int) bool { return i%2 == 0 }, func(i int) bool { return i%2 == 1 }
	for _, test := range []struct {
		kind      string
		which     func(int) bool
		low, high float64
	}{
		{"poisson", every, 0.97, 1.03},
		{"half-periodic", even, 0, 1e-3},
		{"half-periodic", odd, 0.97, 1.03},
		{"drift", every, 0.02, 0.2},
		{"sleepers", every, 3, 30},
		{"swap", every, 1.5, 10},
		{"diurnal", every, 1.2, 2.5},
	} {
		v, n := middle(generate(t, test.kind, 5), test.which)
		if v < test.low || v > test.high || n < 100 {
			t.Errorf("%s: %.4f of %d, not %v to %v", test.kind, v, n, test.low, test.high)
		}
	}
}

// A rate that is spread evenly by its logarithm has as many resources in each octave.
func TestRatesAreSpreadOverAllMagnitudes(t *testing.T) {
	decades := [3]int{}
	for _, r := range generate(t, "poisson", 6).Resources {
		pause := 7200 / max(float64(len(r.Changes)), 0.5)
		decades[min(int(math.Log10(max(pause, shortest)/shortest)), 2)]++
	}
	for i, n := range decades {
		if n < 270 || n > 400 { // a third of 1000 each
			t.Errorf("decade %d: %d", i, n)
		}
	}
}

func TestInstantsAreToldByOneKind(t *testing.T) {
	plain, told := generate(t, "half-periodic", 7), generate(t, "periodic-instants", 7)
	for i, r := range told.Resources {
		if !r.Instants || plain.Resources[i].Instants || !slices.Equal(r.Changes, plain.Resources[i].Changes) {
			t.Fatal(i)
		}
	}
	if all := plain.WithInstants(); !reflect.DeepEqual(all.Resources, told.Resources) || plain.Resources[0].Instants {
		t.Error("with instants it is another trace")
	}
}

// share is what part of all changes is in a part of the time.
func share(made *Trace, from, to float64) float64 {
	n := 0
	for _, r := range made.Resources {
		for _, at := range r.Changes {
			if at >= from*made.Horizon && at < to*made.Horizon {
				n++
			}
		}
	}
	return float64(n) / float64(made.Changes())
}

func TestAFlashIsQuietBeforeAndAfter(t *testing.T) {
	made := generate(t, "flash", 8)
	during := share(made, flashFrom, flashTo)
	if want := 10.0 / 10.9; math.Abs(during-want) > 0.01 { // a hundred times as often for a tenth of the time
		t.Errorf("%.3f of the changes, not %.3f", during, want)
	}
}

func TestRatesSwellAndEbb(t *testing.T) {
	made := generate(t, "diurnal", 9)
	for _, day := range []float64{0, 1, 2} {
		night, noon := share(made, day/3, (day+0.1)/3), share(made, (day+0.45)/3, (day+0.55)/3)
		if noon < 5*night {
			t.Errorf("day %v: %.3f at night, %.3f at noon", day, night, noon)
		}
	}
}

// While places change, the whole does not.
func TestSwappedRatesAreTheSameOnes(t *testing.T) {
	made := generate(t, "swap", 10)
	if half := share(made, 0, 0.5); math.Abs(half-0.5) > 0.01 {
		t.Errorf("%.3f of the changes in the first half", half)
	}
	moved := 0
	for _, r := range made.Resources {
		half, _ := slices.BinarySearch(r.Changes, made.Horizon/2)
		before, after := float64(half), float64(len(r.Changes)-half)
		if d := math.Abs(before-after) / math.Sqrt(before+after+1); d > 4 {
			moved++
		}
	}
	if moved < 350 {
		t.Errorf("%d of %d changed as often before as after", len(made.Resources)-moved, len(made.Resources))
	}
}

func TestSomeOfAllIsInMixed(t *testing.T) {
	made := generate(t, "mixed", 11)
	still, clocks, bursts := 0, 0, 0
	for _, r := range made.Resources {
		switch {
		case len(r.Changes) == 0:
			still++
		case len(r.Changes) < 20:
		case variation(r.Changes) < 0.01:
			clocks++
		case variation(r.Changes) > 3:
			bursts++
		}
	}
	if still < 62 || clocks < 40 || bursts < 50 {
		t.Error(still, clocks, bursts)
	}
}
