package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
)

// beat is a source that changes periodically.
type beat struct {
	period    float64
	early     float64 // or late, by as much of a period
	unseen    float64 // how many changes are, as a part
	precision float64 // of the instants, in seconds

	random *rand.Rand
	at     float64 // what the latest change was off from
	r      rhythm
}

// next goes on to the next change that is seen, and returns when it was.
func (b *beat) next() float64 {
	for b.at += b.period; b.random.Float64() < b.unseen; {
		b.at += b.period
	}
	at := b.at + b.period*b.early*(2*b.random.Float64()-1)
	b.r.note(at-b.precision*b.random.Float64(), b.precision)
	return at
}

// knows reports whether a change is foretold right after one: right, or wrong.
func (b *beat) knows(changed float64) (right, wrong bool) {
	polled := changed + b.period/100
	e := b.r.expect(polled)
	if e.belief <= likely {
		return false, false
	}
	next := b.at + b.period - polled
	off := 2*b.period*b.early + b.precision + 0.01
	right = math.Abs(b.r.period/b.period-1) < 0.05 && e.from-off <= next && next <= e.to+off
	return right, !right
}

func newBeat(seed uint64, b beat) *beat {
	b.random = rand.New(rand.NewPCG(seed, 5))
	b.at = b.period * b.random.Float64()
	return &b
}

// count says how often, in a thousand, the next change is foretold after each of so
// many, right and wrong.
func (b beat) count(changes int, before func(*beat)) (right, wrong []int) {
	right, wrong = make([]int, changes), make([]int, changes)
	for seed := range uint64(1000) {
		b := newBeat(seed, b)
		if before != nil {
			before(b)
		}
		for i := range changes {
			yes, no := b.knows(b.next())
			if yes {
				right[i]++
			}
			if no {
				wrong[i]++
			}
		}
	}
	return right, wrong
}

func TestARhythmIsFound(t *testing.T) {
	random := func(b *beat) { // has no rhythm
		for range 8 {
			b.at += b.period * b.random.ExpFloat64()
			b.r.note(b.at, b.precision)
		}
	}
	faster := func(b *beat) {
		for range 20 {
			b.at += b.period * 0.7
			b.r.note(b.at, b.precision)
		}
	}
	for name, c := range map[string]struct {
		beat
		before       func(*beat)
		after        int // so many instants
		right, wrong int // in a thousand, then
	}{
		"exact":                              {beat{period: 100}, nil, 4, 1000, 0},
		"a week long":                        {beat{period: 604800}, nil, 4, 1000, 0},
		"shorter than a second":              {beat{period: 0.3}, nil, 4, 1000, 0},
		"early and late by 1 %":              {beat{period: 100, early: 0.01}, nil, 4, 995, 0},
		"early and late by 5 %":              {beat{period: 100, early: 0.05}, nil, 6, 980, 5},
		"early and late by 10 %":             {beat{period: 100, early: 0.1}, nil, 10, 970, 20},
		"in whole seconds":                   {beat{period: 30, precision: 1}, nil, 5, 990, 0},
		"every second change unseen":         {beat{period: 100, unseen: 0.5}, nil, 6, 980, 20},
		"two in three unseen":                {beat{period: 100, unseen: 2.0 / 3}, nil, 8, 980, 20},
		"every second unseen, early or late": {beat{period: 100, unseen: 0.5, early: 0.02}, nil, 8, 980, 20},
		"after changes at random":            {beat{period: 100}, random, 9, 995, 5},
		"half unseen, after random":          {beat{period: 100, unseen: 0.5}, random, 10, 980, 10},
		"5 % off, after random":              {beat{period: 100, early: 0.05}, random, 9, 980, 10},
		"after a faster one":                 {beat{period: 100}, faster, 4, 1000, 0},
		"5 % off, after a faster one":        {beat{period: 100, early: 0.05}, faster, 7, 980, 10},
	} {
		right, wrong := c.count(c.after, c.before)
		if right[c.after-1] < c.right || wrong[c.after-1] > c.wrong {
			t.Errorf("%s: foretold right %d, wrong %d", name, right, wrong)
		}
	}
}

// TestARhythmIsLetGoOfWhenItChanges wants no more than four changes to be awaited at
// a wrong time.
func TestARhythmIsLetGoOfWhenItChanges(t *testing.T) {
	for _, factor := range []float64{0.3, 0.7, 1.4, 3.7} {
		before := func(b *beat) {
			period := b.period
			for b.period *= factor; b.at < period*20; {
				b.next()
			}
			b.period = period
		}
		right, wrong := beat{period: 100, early: 0.01}.count(8, before)
		if wrong[4] > 100 || wrong[5] > 10 || right[6] < 980 {
			t.Errorf("a period %.1f times as long before: foretold right %d, wrong %d", factor, right, wrong)
		}
	}
}

func TestARhythmGoesOnAfterAChangeThatDidNotCome(t *testing.T) {
	b := newBeat(1, beat{period: 100})
	for range 9 {
		b.next()
	}
	for missed := range 3 {
		e := b.r.expect(b.at + b.period*(float64(missed)+0.5))
		if e.belief < likely || e.from > 50 || e.to < 50 {
			t.Errorf("%d missed: %+v, want a change in 50 s", missed, e)
		}
	}
	first, later := b.r.expect(b.at+50), b.r.expect(b.at+20_050)
	if later.belief > first.belief/100 {
		t.Errorf("200 changes that did not come left %v of %v", later.belief, first.belief)
	}
	b.at += 2 * b.period
	if right, _ := b.knows(b.next()); !right {
		t.Error("it does not go on")
	}
}

// TestThereIsNoRhythmInChance bounds how often the next change of a Poisson source
// is foretold, be each of its instants seen or the last before a poll only.
func TestThereIsNoRhythmInChance(t *testing.T) {
	for _, c := range []struct {
		pause, precision, most float64 // seconds, and what part of the time
	}{
		{0, 0, 0.03}, {0, 1, 0.02}, {0, 10, 0.002},
		{10, 0, 0.01}, {30, 0, 0.01}, {100, 0, 0.02}, {100, 1, 0.02}, {200, 1, 0.05},
	} {
		foretold, all := 0.0, 0.0
		for seed := range uint64(100) {
			x := source{changes: poisson(rand.New(rand.NewPCG(seed, 6)), 0.01, 0, 20_000)}
			polls := x.changes
			if c.pause > 0 {
				polls = nil
				for at := c.pause; at < 20_000; at += c.pause {
					polls = append(polls, at)
				}
			}
			var r rhythm
			for _, at := range polls {
				if unseen, latest := x.poll(at); unseen > 0 || c.pause == 0 {
					r.note(latest, c.precision)
				}
				if all++; r.expect(at).belief > likely {
					foretold++
				}
			}
		}
		if foretold/all > c.most {
			t.Errorf("%+v: a rhythm in %.4f of the time", c, foretold/all)
		}
	}
}
