package replay

import (
	"cmp"
	"slices"
)

// Ages are how old the first unseen change of each resource was, all the time from
// one instant until another. It belongs to one goroutine.
type Ages struct {
	from, until float64 // seconds
	spells      []spell
	sum         float64 // of age, over time and weight
}

// NewAges returns what knows of no change yet. What is before from or after until,
// which is later, does not count.
func NewAges(from, until float64) *Ages { return &Ages{from: from, until: until} }

// spell is a while in which an age went from 0 to length seconds. One with a negative
// weight takes away: the part of another that does not count.
type spell struct{ length, weight float64 }

// Add notes that so many did not know of a change from when it happened until they
// saw it, or a newer one.
func (a *Ages) Add(happened, seen, weight float64) {
	if seen > a.from && happened < a.until {
		a.add(min(seen, a.until)-happened, weight)
		a.add(a.from-happened, -weight)
	}
}

func (a *Ages) add(length, weight float64) {
	if length > 0 {
		a.spells = append(a.spells, spell{length, weight})
		a.sum += weight * length * length / 2
	}
}

// Outcome is what comes of them, for so many subscribers of all resources together
// and so many polls in the time that counts. Nothing may be added after that.
func (a *Ages) Outcome(subscribers float64, polls int) Outcome {
	lasted := a.until - a.from
	all := subscribers * lasted
	return Outcome{
		Staleness: a.sum / all,
		P99:       a.exceeded(0.01 * all),
		Requests:  float64(polls) / lasted,
	}
}

// exceeded is the age that is exceeded for so much time and weight: a spell exceeds
// an age for its length less the age, so that between the lengths of two spells
// the sum of what exceeds is a straight line.
func (a *Ages) exceeded(share float64) float64 {
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
