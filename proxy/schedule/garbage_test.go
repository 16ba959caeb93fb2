package schedule

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestAPollIsScheduledWithoutGarbage(t *testing.T) {
	for _, tells := range []bool{false, true} {
		random := rand.New(rand.NewPCG(1, 16))
		p := NewPacer(10, random.Float64)
		for range 100 {
			p.Schedule(p.Item(nil, unbound), 1, epoch, false, epoch)
		}
		now := spend(p, epoch, time.Hour, random, tells) // rhythms have all the instants that they remember
		n := testing.AllocsPerRun(10, func() {
			now = spend(p, now, time.Minute, random, tells) // 600 polls
			for range 100 {
				it := p.market.items[random.IntN(100)]
				p.Ask(it)
				p.Unask(it)
			}
		})
		if n > 5 {
			t.Errorf("instants %v: %v allocations in a minute", tells, n)
		}
	}
}
