package schedule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// dice are what happens, as bytes: of a fuzzer, or at random.
type dice struct{ bytes []byte }

func (d *dice) over() bool { return len(d.bytes) == 0 }

// of is a number in [0, n), for n up to 256.
func (d *dice) of(n int) int {
	if d.over() {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) * n / 256
}

func one[T any](d *dice, of ...T) T { return of[d.of(len(of))] }

// resource is one whose feed is in the world.
type resource struct {
	*Item
	terms   Terms
	rate    float64   // of changes
	changed time.Time // when it did last
	seen    time.Time // when the change was that somebody saw last
	looked  time.Time // when somebody did last
	instant func(changed, polled float64) Instant
	visitor bool // somebody asks once

	lands time.Time // when the poll does that is under way
	took  time.Duration
}

// world is an upstream with a budget, the feeds of its resources and their clients,
// in simulated time.
type world struct {
	t         testing.TB
	seed      uint64
	dice      *dice
	random    *rand.Rand // for what does not decide anything
	p         *Pacer
	model     *model
	now, next time.Time // the next one is when Next wants to be asked again
	resources []*resource
	flying    []*resource

	late      time.Duration // timers, at most
	took      float64       // seconds, an answer
	sigma     float64       // of its logarithm
	fails     int           // in a hundred
	returns   int           // turns in a hundred that nobody wants any more
	asking    float64       // clients a second that ask, for anything
	ask       time.Time     // when the next one does
	fruitless int           // times that Next was asked when it wanted to be, and had nothing
	useful    int           // other times
}

func newWorld(t testing.TB, bytes []byte) *world {
	d := &dice{bytes}
	w := &world{t: t, dice: d, now: epoch}
	w.random = rand.New(rand.NewPCG(uint64(d.of(256)), uint64(d.of(256))))
	budget := one(d, 0.02, 0.5, 1, 2.5, 7, 50, 200)
	w.late = one(d, 0, time.Millisecond, 50*time.Millisecond)
	w.took, w.sigma = one(d, 0.001, 0.1, 0.1, 1)*min(1, 20/budget), one(d, 0, 0.5)
	w.fails, w.returns = one(d, 0, 5), one(d, 0, 0, 3)
	w.p = NewPacer(budget, w.random.Float64)
	w.model = newModel(t, w, budget)
	n := one(d, 1, 3, 10, 30, 60)
	share := duration(float64(n) / budget)
	for range n {
		w.add(share)
	}
	return w
}

// add makes up a resource that gets about that interval.
func (w *world) add(share time.Duration) {
	d, interval := w.dice, share*time.Duration(1+w.dice.of(40))/10
	terms := one(d, Terms{interval / 10, 24 * time.Hour, 1}, Terms{interval / 10, interval * 3, 1}, Terms{time.Millisecond, time.Hour, 5}, Terms{interval, interval, 1})
	r := &resource{terms: terms, rate: math.Exp2(float64(d.of(8))-4) / share.Seconds(), changed: w.now, seen: w.now, looked: w.now}
	r.instant = one(d, nil, nil, honest, modified, lies["now"])
	r.Item = w.p.Item(r, terms)
	w.resources = append(w.resources, r)
	w.model.add(r)
}

// run has things happen until the dice are used up, and then lets all end.
func (w *world) run() {
	for n := 0; !w.dice.over() && n < 20_000; n++ {
		w.happen()
		w.proceed(w.now.Add(w.pause()))
	}
	for _, r := range w.resources {
		w.p.Rest(r.Item)
		w.model.unschedule(r)
		w.p.Unask(r.Item)
		w.model.unask(r)
	}
	w.asking = 0
	w.proceed(w.now.Add(100 * 24 * time.Hour))
	w.model.end()
	if w.fruitless > 3*w.useful+100 {
		w.t.Fatalf("%v: Next had nothing %d times, where %d things happened", w.model.at(), w.fruitless, w.useful)
	}
}

// pause is to what happens next: often no time at all.
func (w *world) pause() time.Duration {
	part := one(w.dice, 0, 0, 0.01, 0.1, 1, 3, 10)
	return duration(part * w.random.ExpFloat64() * float64(len(w.resources)) / w.model.budget)
}

// proceed lets polls begin and end until then.
func (w *world) proceed(until time.Time) {
	for w.turns(); w.now.Before(until); w.turns() {
		at, asked := until, false
		if !w.next.IsZero() {
			if wake := w.next.Add(time.Duration(w.random.Float64() * float64(w.late))); wake.Before(at) {
				at, asked = wake, true
			}
		}
		for _, r := range w.flying {
			if r.lands.Before(at) {
				at, asked = r.lands, false
			}
		}
		if w.asking > 0 && w.ask.Before(at) {
			at, asked = w.ask, false
		}
		if at.Before(w.now) {
			at = w.now
		}
		w.model.pass(at)
		w.now = at
		if had := w.useful; asked {
			if w.turns(); w.useful == had {
				w.fruitless++
			}
		}
		w.land()
		w.clients()
	}
}

// turns begins what may begin.
func (w *world) turns() {
	for {
		it, at := w.p.Next(w.now)
		if w.next = at; it == nil {
			w.model.idle(at)
			return
		}
		w.useful++
		r := it.Owner.(*resource)
		before := w.model.before(r)
		w.model.begin(r)
		if w.random.IntN(100) < w.returns {
			w.p.Return(it, w.now)
			w.model.giveBack(r, before)
			continue
		}
		r.took = duration(w.took * math.Exp(w.sigma*w.random.NormFloat64()))
		if w.random.IntN(200) == 0 {
			r.took *= 100
		}
		r.lands = w.now.Add(r.took)
		w.flying = append(w.flying, r)
	}
}

// land ends the polls that are over.
func (w *world) land() {
	w.flying = slices.DeleteFunc(w.flying, func(r *resource) bool {
		if r.lands.After(w.now) {
			return false
		}
		w.useful++
		o := Outcome{Failing: w.random.IntN(100) < w.fails, Took: r.took}
		if !o.Failing {
			o = w.look(r)
		}
		w.p.Landed(r.Item, o, w.now)
		w.model.landed(r, o)
		return true
	})
}

// look says what a poll saw that began when it did.
func (w *world) look(r *resource) Outcome {
	began := r.lands.Add(-r.took)
	if at := began.Add(-duration(w.random.ExpFloat64() / r.rate)); at.After(r.looked) {
		r.changed = at // chance has no memory: forward or back
	}
	r.looked = began
	o := Outcome{Known: true, Changed: r.changed.After(r.seen), Took: r.took}
	if o.Changed && r.instant != nil {
		o.Instant = r.instant(r.changed.Sub(epoch).Seconds(), began.Sub(epoch).Seconds())
	}
	r.seen = r.changed
	return o
}
