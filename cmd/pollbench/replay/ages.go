package replay

import (
	"cmp"
	"slices"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// ages are how old the first unseen change of each resource was, all the time.
type ages struct {
	spells []spell
	sum    float64 // of age, over time and weight
}

// spell is from a change to the poll that saw it: an age that goes from 0 to length
// seconds.
type spell struct{ length, weight float64 }

func (a *ages) add(length, weight float64) {
	if length > 0 {
		a.spells = append(a.spells, spell{length, weight})
		a.sum += weight * length * length / 2
	}
}

// outcome is what comes of them. Nothing may be added after that.
func (a *ages) outcome(t *trace.Trace, polls int) Outcome {
	all := 0.0
	for _, r := range t.Resources {
		all += r.Weight * t.Horizon
	}
	return Outcome{
		Staleness: a.sum / all,
		P99:       a.exceeded(0.01 * all),
		Requests:  float64(polls) / t.Horizon,
	}
}

// exceeded is the age that is exceeded for so much time and weight: a spell exceeds
// an age for its length less the age, so that between the lengths of two spells
// the sum of what exceeds is a straight line.
func (a *ages) exceeded(share float64) float64 {
	slices.SortFunc(a.spells, func(one, other spell) int { return cmp.Compare(other.length, one.length) })
	var weight, time float64 // of the spells so far
	for _, s := range a.spells {
		if time-weight*s.length >= share {
			break
		}
		weight += s.weight
		time += s.weight * s.length
	}
	if weight == 0 || time < share {
		return 0
	}
	return (time - share) / weight
}
