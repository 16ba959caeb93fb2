package replay

import (
	"math"
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
)

// price is pollmux itself: the pacer of an upstream with this budget, each resource
// with as many subscribers as it weighs, intervals that adapt to whatever is best.
type price struct {
	pacer *schedule.Pacer
	items []*schedule.Item
	epoch time.Time
	turn  *schedule.Item
	blind bool // to what resources tell
}

// An interval that adapts, as wide as a configuration allows.
const (
	shortest = 10 * time.Millisecond
	longest  = 24 * time.Hour
)

func newPrice(s setting) policy {
	p := &price{}
	p.begin(s, func(i int, t schedule.Terms) *schedule.Item { return p.pacer.Item(i, t) })
	return p
}

// newOracle is the same, but need not learn: it knows the true mean rate of each
// resource, changes by the horizon. It is the best that there is for what changes at
// random at one rate (Olston and Pandey, "Recrawl scheduling based on information
// longevity", 2008), but knows nothing of periods, or of times in which a rate is another.
func newOracle(s setting) policy {
	p := &price{blind: true}
	p.begin(s, func(i int, t schedule.Terms) *schedule.Item { return p.pacer.Known(i, t, s.rates[i]) })
	return p
}

// begin schedules all resources.
func (p *price) begin(s setting, item func(int, schedule.Terms) *schedule.Item) {
	p.pacer, p.epoch = schedule.NewPacer(s.budget, s.random.Float64), time.Unix(0, 0)
	for i, weight := range s.weights {
		it := item(i, schedule.Terms{Min: shortest, Max: longest, Weight: weight})
		p.pacer.Schedule(it, 1, p.epoch, false, p.epoch)
		p.items = append(p.items, it)
	}
}

func (p *price) next(now float64) (int, float64) {
	it, at := p.pacer.Next(p.at(now))
	if it == nil {
		return -1, max(at.Sub(p.epoch).Seconds(), math.Nextafter(now, math.Inf(1)))
	}
	p.turn = it
	return it.Owner.(int), now
}

func (p *price) polled(_ int, now float64, saw observation) {
	o := schedule.Outcome{Known: true, Changed: saw.changed}
	if !math.IsNaN(saw.instant) && !p.blind {
		o.Instant.At = p.at(saw.instant)
	}
	p.pacer.Landed(p.turn, o, p.at(now))
}

// at rounds up: what is to be at a time is not before it.
func (p *price) at(seconds float64) time.Time {
	return p.epoch.Add(time.Duration(math.Ceil(seconds * float64(time.Second))))
}
