package trace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Options are those of Generate. Zero is the kind's own.
type Options struct {
	Seed    uint64
	N       int // resources
	Horizon time.Duration
}

// Kind is a story about origins.
type Kind struct {
	Name  string
	About string // in a few words

	n        int
	horizon  float64 // seconds
	instants bool
	stream   uint64 // of random numbers: kinds that share it share what happens
	origin   func(r *rand.Rand, n int, horizon float64) []history
}

// history is when one resource changes: a function that is called once.
type history func(r *rand.Rand, horizon float64) []float64

// maxWatched bounds what is made up, in seconds of all resources together, far
// below what a machine could remember.
const maxWatched = 1e8

// Generate makes up a trace.
func Generate(kind string, o Options) (*Trace, error) {
	k, err := find(kind)
	if err != nil {
		return nil, err
	}
	n, horizon := k.n, k.horizon
	if o.N != 0 {
		n = o.N
	}
	if o.Horizon != 0 {
		horizon = o.Horizon.Seconds()
	}
	if n < 1 || n > maxResources || !(horizon > 0) || float64(n)*horizon > maxWatched {
		return nil, fmt.Errorf("%d resources for %v s: choose 1 to %d resources, and %.0e s of all of them together at most", n, horizon, maxResources, maxWatched)
	}
	t := k.generate(o.Seed, n, horizon)
	return t, t.check()
}

func find(kind string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == kind {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("there is no kind %q: choose from %s", kind, strings.Join(names, ", "))
}

// generate gives each resource a stream of random numbers of its own, so that what
// happens to one depends on no other.
func (k Kind) generate(seed uint64, n int, horizon float64) *Trace {
	r := rand.New(rand.NewPCG(seed, k.stream))
	t := &Trace{Name: k.Name, Horizon: horizon}
	weights := zipf(r, n)
	for i, happens := range k.origin(r, n, horizon) {
		one := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		at := happens(one, horizon)
		for j := range at {
			at[j] = microseconds(at[j])
		}
		t.Resources = append(t.Resources, Resource{Weight: weights[i], Changes: at, Instants: k.instants})
	}
	return t
}

// zipf is how many subscribers resources have: the k-th of them a k-th of the
// first's 1000, one at least, and in no order.
func zipf(r *rand.Rand, n int) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = max(1, math.Round(1000/float64(i+1)))
	}
	r.Shuffle(n, func(i, j int) { weights[i], weights[j] = weights[j], weights[i] })
	return weights
}

// between is a random number whose logarithm is spread evenly.
func between(r *rand.Rand, low, high float64) float64 {
	return low * math.Pow(high/low, r.Float64())
}
