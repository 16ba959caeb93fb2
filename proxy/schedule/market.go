package schedule

import (
	"math"
	"time"
)

const (
	remake    = 5 * time.Second        // how long a price is good for
	thrift    = 100 * time.Microsecond // for each item: a price takes a hundredth of that
	unsettled = 0.05                   // of the weight of all: what may have changed until it is not
	exact     = 0.005                  // how well the intervals at a price fill the budget
	attempts  = 8                      // to find it, each time
	elastic   = 0.45                   // by what power of the price intervals grow, roughly
	lowest    = 1e-9                   // price
	highest   = 1e18                   // at which nobody wants anything
	askTime   = 10.0                   // seconds over which those who wait are counted
	longest   = 2.82                   // times as long as if all got the same is the longest interval
	lengthy   = 0.8                    // of that is one that should not get longer
	usual     = 1.0 / 60               // changes a second that are expected before anything is known
	unusual   = 0.2                    // of what is expected of a resource is not what others are like
	relieved  = 0.95                   // of the budget has to do before routes get what they ask for again
)

// market shares out the budget between the items that are scheduled, at one price:
// a poll is worth it when waiting has cost its subscribers more.
type market struct {
	items  []*Item
	common rates   // what is believed of all of them together
	price  float64 // seconds times seconds times weight
	weight float64 // of all
	move   float64 // of the price's logarithm, wanted last
	most   float64 // that it may do
	moved  float64 // by how much of that it has changed since
	rate   float64 // polls a second that there were for it
	next   time.Time
	soon   time.Time // not before
	short  bool      // the budget is too small for what routes ask for
	gap    float64   // the longest interval, seconds
	asks   float64   // polls a second for those who wait, when that was counted
	asked  time.Time
}

func newMarket() market { return market{price: 1, most: wild, common: around(usual)} }

// weigh says how much an item counts from now on; 0 is not at all.
func (m *market) weigh(it *Item, weight float64) {
	if (weight > 0) != it.isScheduled() { // one more or less moves the longest interval
		m.moved += m.weight / float64(len(m.items)+1)
	}
	switch {
	case weight > 0 && !it.isScheduled():
		it.stall = len(m.items)
		m.items = append(m.items, it)
	case weight == 0 && it.isScheduled():
		last := len(m.items) - 1
		m.items[it.stall] = m.items[last]
		m.items[it.stall].stall = it.stall
		m.items[last] = nil
		m.items = m.items[:last]
	}
	m.moved += math.Abs(weight - it.weight)
	if m.weight += weight - it.weight; len(m.items) == 0 {
		m.weight = 0 // what rounding has left
	}
	it.weight = weight
}

// renew has an item go by other terms. How much it counts is said anew.
func (m *market) renew(it *Item, t Terms) {
	it.terms = t
	if it.isScheduled() {
		m.moved = m.weight // the price is to be made anew, whatever this one is worth
		it.interval = m.worth(it)
	}
}

// isFixed reports whether an item is polled at the pace of its route, whatever
// that costs.
func (m *market) isFixed(it *Item) bool { return it.terms.isFixed() && !m.short }

// worth is the interval of an item, in seconds.
func (m *market) worth(it *Item) float64 {
	if m.isFixed(it) {
		return it.terms.Min.Seconds()
	}
	weight := it.weight
	if weight == 0 { // for those who ask for themselves
		weight = it.terms.Weight
	}
	interval := it.learned.until(m.price/weight, it.interval)
	interval = m.within(interval)
	if !m.short {
		interval = min(interval, it.terms.Max.Seconds())
	}
	if it.failing { // it wants no more than its back-off lets it have
		interval = max(interval, it.notBefore.Sub(it.polled).Seconds())
	}
	return max(interval, it.terms.Min.Seconds())
}

// within is an interval, or the longest.
func (m *market) within(interval float64) float64 {
	if m.gap > 0 {
		return min(interval, m.gap)
	}
	return interval
}

// isOutdated reports whether the price is to be made anew.
func (m *market) isOutdated(now time.Time) bool {
	return !now.Before(m.next) || m.moved > unsettled*m.weight && !now.Before(m.soon)
}

// remake makes the price for so many polls a second, and reports whether it, or
// what it is for, has changed by much.
func (m *market) remake(rate float64, now time.Time) bool {
	if m.moved > unsettled*m.weight || math.Abs(rate-m.rate) > unsettled*m.rate {
		m.most = wild // there is something to adapt to
	}
	m.rate = rate
	m.next, m.moved = now.Add(remake), 0
	m.soon = now.Add(time.Duration(len(m.items)) * thrift)
	rate = max(rate-m.asking(now), rate/2)
	least, fixed, free := m.demand()
	m.survey()
	was, price := m.short, m.price
	if m.short = least > rate || was && least > relieved*rate; m.short {
		fixed, free = 0, len(m.items)
	}
	if free > 0 {
		m.gap = longestOf(float64(free)/(rate-fixed), 1/rate)
		m.settle(rate - fixed)
		m.steady(price)
	}
	return m.short != was || math.Abs(math.Log(m.price/price)) > exact
}

const (
	wild   = 50.0 // how much the price's logarithm may change at once, at first
	gentle = 0.05 // and at the least
	calmer = 0.5  // times that, when it turns
	bolder = 1.3  // and when it goes on
)

// steady keeps the price from swinging. Where all resources change by the clock, the
// intervals of a moment say little about those of the next, and each price is right
// for none but its own: so the more often it turns, the less it may move.
func (m *market) steady(before float64) {
	move := math.Log(m.price / before)
	switch {
	case move*m.move >= 0:
		m.most = min(m.most*bolder, wild)
	case math.Abs(move) > gentle:
		m.most = max(m.most*calmer, gentle)
	}
	m.move = move
	if math.Abs(move) <= m.most {
		return
	}
	m.price = before * math.Exp(math.Copysign(m.most, move))
	for _, it := range m.items {
		it.interval = m.worth(it)
	}
}

// longestOf is the longest interval, if it would be share for all, and a turn is so
// long. Some wait for a turn or two when they are due: the gap between any two polls
// stays below three times share.
func longestOf(share, turn float64) float64 { return max(longest*share-2*turn, 1.2*share) }

// isStrict reports whether an item has an interval that is fixed, or nearly as long
// as any may be, and should not be late.
func (m *market) isStrict(it *Item) bool {
	return m.isFixed(it) || m.gap > 0 && it.interval >= lengthy*m.gap
}

// survey finds out what resources there are like.
func (m *market) survey() {
	if len(m.items) == 0 {
		return
	}
	var all rates
	for _, it := range m.items {
		for k, p := range it.learned.belief.now {
			all[k] += p
		}
	}
	m.common = all.normal()
	prior := around(usual)
	m.common.toward(&prior, unusual)
}

// demand is how many polls a second routes ask for at the least, how many of these
// at fixed intervals, and how many items have others.
func (m *market) demand() (least, fixed float64, free int) {
	for _, it := range m.items {
		least += 1 / it.terms.Max.Seconds()
		if it.terms.isFixed() {
			fixed += 1 / it.terms.Max.Seconds()
		} else {
			free++
		}
	}
	return least, fixed, free
}

// settle looks for the price at which the items without a fixed interval are
// polled so many times a second, by Newton's method on logarithms.
func (m *market) settle(rate float64) {
	for range attempts {
		sum := 0.0
		for _, it := range m.items {
			if m.isFixed(it) {
				continue
			}
			it.interval = m.worth(it)
			sum += 1 / it.interval
		}
		off := math.Log(sum / rate)
		if math.Abs(off) < exact || off < 0 && m.price <= lowest {
			return
		}
		m.price = min(max(m.price*math.Exp(off/elastic), lowest), highest)
	}
}

// noteAsked counts a poll for one who waits.
func (m *market) noteAsked(now time.Time) {
	m.asks = m.asking(now) + 1/askTime
	m.asked = now
}

// asking is how many polls a second there were lately for those who wait.
func (m *market) asking(now time.Time) float64 {
	return m.asks * math.Exp(-now.Sub(m.asked).Seconds()/askTime)
}
