package trace

import (
	"fmt"
	"math"
	"slices"
)

// Until is the beginning of the trace, up to an instant in seconds. It fails if the
// trace ends before.
func (t *Trace) Until(end float64) (*Trace, error) {
	if !(end > 0 && end <= t.Horizon) {
		return nil, fmt.Errorf("a trace of %v s has no %v s", t.Horizon, end)
	}
	begun := *t
	begun.Horizon, begun.Resources = end, slices.Clone(t.Resources)
	begun.cut()
	return &begun, nil
}

// WithSubscribers is the trace with weights that people could have: whole numbers, at
// least 1, and at most so many together. They keep their proportions as well as that
// allows. It fails if there are more resources than that.
func (t *Trace) WithSubscribers(most int) (*Trace, error) {
	if most < len(t.Resources) {
		return nil, fmt.Errorf("%d resources need as many subscribers, and not %d", len(t.Resources), most)
	}
	less := *t
	less.Resources = slices.Clone(t.Resources)
	for scale := min(1, float64(most)/t.Subscribers()); ; scale *= 0.99 {
		for i, r := range t.Resources {
			less.Resources[i].Weight = max(1, math.Round(r.Weight*scale))
		}
		if less.Subscribers() <= float64(most) {
			return &less, nil
		}
	}
}
