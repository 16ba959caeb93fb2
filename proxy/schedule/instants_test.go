package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// lies are what origins say of their latest change that is not true.
var lies = map[string]func(changed, polled float64) Instant{
	"now":                     func(_, polled float64) Instant { return Instant{At: after(polled)} },
	"now, in whole seconds":   func(_, polled float64) Instant { return modified(polled, polled) },
	"always the same":         func(_, _ float64) Instant { return Instant{At: after(1)} },
	"back and back":           func(_, polled float64) Instant { return Instant{At: after(-polled)} },
	"an hour from now":        func(_, polled float64) Instant { return Instant{At: after(polled + 3600)} },
	"in a moment":             func(_, polled float64) Instant { return Instant{At: after(polled + 0.9)} },
	"half a minute ago":       func(_, polled float64) Instant { return Instant{At: after(polled - 30)} },
	"when a minute was over":  func(changed, _ float64) Instant { return Instant{At: after(math.Floor(changed/60) * 60)} },
	"the age of the universe": func(_, _ float64) Instant { return Instant{At: time.Unix(0, 0)} },
}

// worlds are sources of all kinds.
var worlds = map[string]func(random *rand.Rand) []*source{
	"poisson":  func(random *rand.Rand) []*source { return poissons(60, 3600, random) },
	"sleepers": func(random *rand.Rand) []*source { return sleepers(60, 3600, random) },
	"periodic": func(random *rand.Rand) []*source { return periodic(60, 3600, random) },
}

// trial has the same sources be polled, whatever they say of their changes.
type trial struct {
	world     func(random *rand.Rand) []*source
	perSource float64 // polls a second
	silence   float64 // how stale clients are if they say nothing
}

func (c *trial) staleness(instant func(changed, polled float64) Instant) float64 {
	const seeds = 2
	log := 0.0
	for seed := range uint64(seeds) {
		sources := tell(c.world(rand.New(rand.NewPCG(seed, 7))), instant)
		log += math.Log(play(sources, c.perSource*float64(len(sources)), 600, 3600, unbound, seed).mean()) / seeds
	}
	return math.Exp(log)
}

// try fails if what origins say makes clients too stale.
func (c *trial) try(t *testing.T, name string, instant func(changed, polled float64) Instant, most float64) {
	t.Helper()
	if c.silence == 0 {
		c.silence = c.staleness(nil)
	}
	if got := c.staleness(instant) / c.silence; got > most {
		t.Errorf("%v polls a second: %q makes clients %.3f times as stale as if nothing were said", c.perSource, name, got)
	}
}

func TestLiesAboutChangesCostLittle(t *testing.T) {
	skipRacing(t)
	for name, world := range worlds {
		for _, perSource := range less(0.02, 0.05) {
			c := trial{world: world, perSource: perSource}
			for lie, instant := range lies {
				c.try(t, name+": "+lie, instant, 1.15)
			}
		}
	}
}

// TestTheTruthAboutChangesIsNeverInTheWay wants sources without a rhythm to be
// polled as well as if they did not say when they change, and others better.
func TestTheTruthAboutChangesIsNeverInTheWay(t *testing.T) {
	skipRacing(t)
	most := map[string]float64{"poisson": 1.06, "sleepers": 1.03, "periodic": 0.85}
	for name, world := range worlds {
		for _, perSource := range less(0.05, 0.02, 0.1) {
			c := trial{world: world, perSource: perSource}
			c.try(t, name+": exactly", honest, most[name])
			c.try(t, name+": in seconds", modified, most[name])
		}
	}
}
