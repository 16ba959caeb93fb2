package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// Simulations count seconds from an epoch.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time { return epoch.Add(duration(seconds)) }

// modified says that in whole seconds.
func modified(changed, _ float64) Instant {
	return Instant{At: after(math.Floor(changed)), Precision: time.Second}
}

// unbound are the terms of a route that leaves it all to the schedule.
var unbound = Terms{Min: 10 * time.Millisecond, Max: 24 * time.Hour, Weight: 1}

// source is a resource that changes at times that are known beforehand.
type source struct {
	subscribers float64
	changes     []float64

	// instant is what the origin says at a poll of the latest change; nil says nothing.
	instant func(changed, polled float64) Instant

	seen, passed int     // changes
	polled       float64 // when it was last
}

// honest says when it changed.
func honest(changed, _ float64) Instant { return Instant{At: after(changed)} }

// poll looks at a source, and returns for how long the first change that nobody had
// seen was there, and when the latest was.
func (s *source) poll(now float64) (unseen, latest float64) {
	for s.passed < len(s.changes) && s.changes[s.passed] <= now {
		s.passed++
	}
	if s.passed > s.seen {
		unseen, latest = now-s.changes[s.seen], s.changes[s.passed-1]
		s.seen = s.passed
	}
	return unseen, latest
}

// staleness is the mean age of the first unseen change, weighted by subscribers,
// from the time "from" on.
type staleness struct {
	sources       []*source
	from, horizon float64
	sum, weight   float64
	polls         int
	gap           float64 // the longest between two polls of a source
}

func newStaleness(sources []*source, from, horizon float64) *staleness {
	s := &staleness{sources: sources, from: from, horizon: horizon}
	for _, x := range sources {
		x.seen, x.passed, x.polled = 0, 0, 0
		s.weight += x.subscribers
	}
	return s
}

func (s *staleness) poll(x *source, now float64) (changed bool, latest float64) {
	s.polls++
	if x.polled > s.from {
		s.gap = max(s.gap, now-x.polled)
	}
	x.polled = now
	unseen, latest := x.poll(now)
	before := min(max(s.from-(now-unseen), 0), unseen) // of it that does not count
	s.sum += x.subscribers * (unseen*unseen - before*before) / 2
	return unseen > 0, latest
}

func (s *staleness) mean() float64 {
	for _, x := range s.sources {
		s.poll(x, s.horizon)
	}
	return s.sum / s.weight / (s.horizon - s.from)
}

// play has a Pacer poll sources whose answers take no time.
func play(sources []*source, budget, from, horizon float64, terms Terms, seed uint64) *staleness {
	p := NewPacer(budget, rand.New(rand.NewPCG(seed, 4)).Float64)
	s := newStaleness(sources, from, horizon)
	of := map[*Item]*source{}
	for _, x := range sources {
		it := p.Item(nil, terms)
		of[it] = x
		p.Schedule(it, int64(x.subscribers), epoch, false, epoch)
	}
	for now := epoch; now.Before(after(horizon)); {
		it, at := p.Next(now)
		if it == nil {
			now = at
			continue
		}
		x, polled := of[it], now.Sub(epoch).Seconds()
		o := Outcome{Known: true}
		var latest float64
		if o.Changed, latest = s.poll(x, polled); o.Changed && x.instant != nil {
			o.Instant = x.instant(latest, polled)
		}
		p.Landed(it, o, now)
	}
	return s
}

// inTurn polls sources one after the other, each as often as the others.
func inTurn(sources []*source, budget, from, horizon float64) *staleness {
	s := newStaleness(sources, from, horizon)
	for i := 0; float64(i)/budget < horizon; i++ {
		s.poll(sources[i%len(sources)], float64(i)/budget)
	}
	return s
}

// byWeight polls each source at a rate in proportion to the square root of its
// subscribers.
func byWeight(sources []*source, budget, from, horizon float64) *staleness {
	s := newStaleness(sources, from, horizon)
	sum := 0.0
	for _, x := range sources {
		sum += math.Sqrt(x.subscribers)
	}
	for _, x := range sources { // they do not compete: each has its own times
		pause := sum / math.Sqrt(x.subscribers) / budget
		for now := pause / 2; now < horizon; now += pause {
			s.poll(x, now)
		}
	}
	return s
}

// zipf is subscribers of n sources, in any order: most have few.
func zipf(n int, random *rand.Rand) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = max(1, math.Round(float64(n)/float64(i+1)))
	}
	random.Shuffle(n, func(i, j int) { w[i], w[j] = w[j], w[i] })
	return w
}

// between two numbers, any order of magnitude as likely as the others.
func anyOrder(random *rand.Rand, low, high float64) float64 {
	return low * math.Pow(high/low, random.Float64())
}

// poisson is when a source changes that does so at a rate, and knows no rhythm.
func poisson(random *rand.Rand, rate, from, to float64) (changes []float64) {
	for at := from + random.ExpFloat64()/rate; at < to; at += random.ExpFloat64() / rate {
		changes = append(changes, at)
	}
	return changes
}

// poissons are sources between one change in 2 seconds and one in 2000.
func poissons(n int, horizon float64, random *rand.Rand) []*source {
	sources := make([]*source, n)
	for i, w := range zipf(n, random) {
		sources[i] = &source{subscribers: w, changes: poisson(random, 1/anyOrder(random, 2, 2000), 0, horizon)}
	}
	return sources
}

// sleepers are sources that sleep for minutes, and then burst.
func sleepers(n int, horizon float64, random *rand.Rand) []*source {
	sources := make([]*source, n)
	for i, w := range zipf(n, random) {
		x := &source{subscribers: w}
		rate, sleep, burst := 1/anyOrder(random, 0.5, 5), anyOrder(random, 60, 1200), anyOrder(random, 10, 120)
		for at := random.ExpFloat64() * sleep; at < horizon; at += random.ExpFloat64() * sleep {
			end := at + random.ExpFloat64()*burst
			x.changes = append(x.changes, poisson(random, rate, at, min(end, horizon))...)
			at = end
		}
		sources[i] = x
	}
	return sources
}

// periodic are sources that change every 2 to 2000 seconds, early or late by 2 % of
// that.
func periodic(n int, horizon float64, random *rand.Rand) []*source {
	sources := make([]*source, n)
	for i, w := range zipf(n, random) {
		x, period := &source{subscribers: w}, anyOrder(random, 2, 2000)
		for at := random.Float64() * period; at < horizon; at += period {
			x.changes = append(x.changes, at+period*0.04*(random.Float64()-0.5))
		}
		sources[i] = x
	}
	return sources
}

// tell has all sources say something of their latest change.
func tell(sources []*source, instant func(changed, polled float64) Instant) []*source {
	for _, x := range sources {
		x.instant = instant
	}
	return sources
}

// skipRacing skips what only reckons, and long: there is one goroutine, so the race
// detector has nothing to see. .ci/run runs it without.
func skipRacing(t *testing.T) {
	t.Helper()
	if racing {
		t.Skip("reckons for long, in one goroutine: it runs without the race detector")
	}
}
