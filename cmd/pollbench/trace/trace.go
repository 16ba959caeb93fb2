package trace

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Trace is when the resources of an origin changed. Whoever has one only reads it.
type Trace struct {
	Name      string
	Horizon   float64 // seconds
	Resources []Resource
}

// Resource is one of them.
type Resource struct {
	Weight   float64 `json:"w"`                  // subscribers
	Changes  changes `json:"t"`                  // seconds, ascending, below the horizon
	Instants bool    `json:"instants,omitempty"` // its answers tell when it last changed
}

// What a trace has at most. It is read into memory, and replayed from there.
const (
	maxText      = 128 << 20 // bytes, unpacked
	maxName      = 200       // bytes
	maxResources = 100_000
	maxChanges   = 10_000_000 // of all resources together
	maxHorizon   = 1e9        // seconds
	maxWeight    = 1e12
)

// Changes is how many there are.
func (t *Trace) Changes() (n int) {
	for _, r := range t.Resources {
		n += len(r.Changes)
	}
	return n
}

// Subscribers is how many all resources have together.
func (t *Trace) Subscribers() (n float64) {
	for _, r := range t.Resources {
		n += r.Weight
	}
	return n
}

// WithInstants is the trace, but that all resources tell when they changed.
func (t *Trace) WithInstants() *Trace {
	all := *t
	all.Resources = slices.Clone(t.Resources)
	for i := range all.Resources {
		all.Resources[i].Instants = true
	}
	return &all
}

// check returns the first thing that cannot be.
func (t *Trace) check() error {
	switch {
	case len(t.Name) > maxName:
		return fmt.Errorf("name: more than %d bytes", maxName)
	case !(t.Horizon > 0 && t.Horizon <= maxHorizon):
		return fmt.Errorf("horizon %v: it is in seconds, more than 0 and at most %v", t.Horizon, float64(maxHorizon))
	case len(t.Resources) == 0:
		return errors.New("res is empty: there is nothing to poll")
	}
	for i := range t.Resources {
		if err := t.Resources[i].check(t.Horizon); err != nil {
			return fmt.Errorf("res[%d]: %w", i, err)
		}
	}
	return nil
}

func (r *Resource) check(horizon float64) error {
	if !(r.Weight > 0 && r.Weight <= maxWeight) {
		return fmt.Errorf("w %v: a weight is more than 0 and at most %v", r.Weight, float64(maxWeight))
	}
	for i, at := range r.Changes {
		switch {
		case !(at >= 0): // NaN as well
			return fmt.Errorf("t[%d] is %v: instants are seconds from the beginning of the trace", i, at)
		case i > 0 && at < r.Changes[i-1]:
			return fmt.Errorf("t[%d] is %v, before t[%d], %v: instants ascend", i, at, i-1, r.Changes[i-1])
		case at > horizon+slack(horizon):
			return fmt.Errorf("t[%d] is %v, beyond the horizon of %v", i, at, horizon)
		}
	}
	return nil
}

// slack is how far beyond the horizon changes may be. Recorded traces round it, and
// what makes one up may overshoot by a change; what is in the wrong unit is further
// away.
func slack(horizon float64) float64 { return max(1, horizon/100) }

// cut leaves out what happens at the horizon or later.
func (t *Trace) cut() {
	for i := range t.Resources {
		r := &t.Resources[i]
		end, _ := slices.BinarySearch(r.Changes, t.Horizon)
		r.Changes = r.Changes[:end]
	}
}

// microseconds rounds an instant down: it stays below the horizon.
func microseconds(at float64) float64 { return math.Floor(at*1e6) / 1e6 }
