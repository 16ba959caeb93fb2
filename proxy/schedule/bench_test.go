package schedule

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkPacer schedules 10,000 feeds for simulated minutes, and reports how much of
// a core that takes. A tenth of the polls see a change.
func BenchmarkPacer(b *testing.B) {
	for _, budget := range []float64{50, 500, 5000} {
		for _, tells := range []bool{false, true} {
			b.Run(fmt.Sprintf("budget=%v,instants=%v", budget, tells), func(b *testing.B) {
				random := rand.New(rand.NewPCG(1, 2))
				p := NewPacer(budget, random.Float64)
				for range 10_000 {
					it := p.Item(nil, Terms{Min: 10 * time.Millisecond, Max: time.Hour, Weight: 1})
					p.Schedule(it, 1+int64(random.ExpFloat64()*20), epoch, false, epoch)
				}
				now := spend(p, epoch, 10*time.Minute, random, tells)
				b.ResetTimer()
				for range b.N {
					now = spend(p, now, time.Minute, random, tells)
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/60*100, "core%")
			})
		}
	}
}

// spend has polls be answered at once for a while.
func spend(p *Pacer, now time.Time, d time.Duration, random *rand.Rand, tells bool) time.Time {
	for end := now.Add(d); now.Before(end); {
		it, at := p.Next(now)
		if it == nil {
			now = at
			continue
		}
		o := Outcome{Known: true, Changed: random.IntN(10) == 0, Took: time.Millisecond}
		if o.Changed && tells {
			o.Instant.At = now.Add(-time.Duration(random.ExpFloat64() * float64(time.Second)))
		}
		p.Landed(it, o, now)
	}
	return now
}
