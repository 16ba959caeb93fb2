package schedule

import (
	"iter"
	"slices"
	"time"
)

// Pacer says which feed of an upstream with a budget is polled next, and when. It
// has one owner, who gives it the time, which never goes back.
type Pacer struct {
	budget  *Budget
	latency latency
	random  func() float64 // in [0, 1)

	asked    []*Item // somebody waits for them: first come, first served; they may be in a queue, too
	ready    queue   // may be polled: by when they should be
	sure     queue   // so may these, but before that it would be in vain
	strict   queue   // so may these, which go before others that are late
	held     queue   // may not yet: by when they may
	flights  flights
	answered bool // the last turn was that of one who waited

	market market
}

// NewPacer returns one for so many requests a second. random is in [0, 1).
func NewPacer(perSecond float64, random func() float64) *Pacer {
	p := &Pacer{budget: NewBudget(perSecond), random: random, market: newMarket()}
	p.ready.when = func(it *Item) *time.Time { return &it.due }
	p.sure.when, p.strict.when = p.ready.when, p.ready.when
	p.held.when = func(it *Item) *time.Time { return &it.allowed }
	return p
}

// Budget is the pacer's.
func (p *Pacer) Budget() *Budget { return p.budget }

// Item returns a feed of an owner that is not scheduled yet.
func (p *Pacer) Item(owner any, t Terms) *Item {
	interval := min(max(p.share(), t.Min.Seconds()), t.Max.Seconds())
	return &Item{Owner: owner, terms: t, learned: learned{belief: NewBelief(usual, &p.market.common)}, interval: interval, jitter: p.random()}
}

// Known is Item for a feed of which it is known how many changes a second there are
// in the mean, and always will be: what a simulation measures learning by.
func (p *Pacer) Known(owner any, t Terms, rate float64) *Item {
	it := p.Item(owner, t)
	it.learned.belief = certainly(rate)
	return it
}

// Visitor returns what can only be asked for: one request that is none of a feed's.
func (p *Pacer) Visitor(owner any) *Item { return &Item{Owner: owner} }

// share is how many seconds there would be between two polls of a feed if all got
// the same, and there were one more.
func (p *Pacer) share() float64 { return float64(len(p.market.items)+1) / p.budget.full }

// Schedule has a feed polled for so many subscribers, more than 0, and not before
// a time; urgent: as soon as it may.
func (p *Pacer) Schedule(it *Item, subscribers int64, notBefore time.Time, urgent bool, now time.Time) {
	p.market.weigh(it, float64(subscribers)*it.terms.Weight)
	if it.begun.IsZero() {
		it.begun = now
	}
	if urgent && !it.urgent {
		it.urged = now
	}
	it.notBefore, it.urgent = notBefore, urgent
	it.interval = p.market.worth(it)
	p.plan(it, now)
}

// Renew has a feed polled at another pace of its route. What was learned stays.
func (p *Pacer) Renew(it *Item, t Terms, now time.Time) {
	p.market.renew(it, t)
	p.plan(it, now)
}

// SetRate has so many requests a second from now on.
func (p *Pacer) SetRate(perSecond float64, now time.Time) { p.budget = p.budget.with(perSecond, now) }

// Rest has a feed not polled any more. What was learned about it stays.
func (p *Pacer) Rest(it *Item) {
	p.market.weigh(it, 0)
	it.leave()
}

// Ask has a feed polled for one who waits, before those that are scheduled. If it is
// itself, that stands: its turn may come sooner.
func (p *Pacer) Ask(it *Item) {
	if !it.asked && !it.flying {
		it.asked = true
		p.asked = append(p.asked, it)
	}
}

// Unask takes that back: nobody waits any more.
func (p *Pacer) Unask(it *Item) {
	if it.asked {
		it.asked = false
		i := slices.Index(p.asked, it)
		p.asked = slices.Delete(p.asked, i, i+1)
	}
}

// Asked are those that are waited for.
func (p *Pacer) Asked() iter.Seq[*Item] { return slices.Values(p.asked) }

// Next returns a feed whose poll begins now, or when to ask again; the zero time is
// when something has happened. Landed or Return must follow.
func (p *Pacer) Next(now time.Time) (it *Item, at time.Time) {
	p.release(now)
	p.trade(now)
	hangs := p.flights.forget(now, p.latency.patience())
	if p.flights.counted >= p.latency.limit(p.budget.Rate(now)) {
		return nil, hangs
	}
	it = p.candidate(now)
	switch {
	case it != nil:
		at = p.budget.Earliest(now, it.asked)
	case p.held.first() != nil:
		at = p.held.first().allowed
	}
	if it == nil || at.After(now) {
		return nil, at
	}
	p.begin(it, now)
	return it, now
}

// release moves those that may be polled from now on.
func (p *Pacer) release(now time.Time) {
	for it := p.held.first(); it != nil && !it.allowed.After(now); it = p.held.first() {
		it.leave()
		p.admit(it)
	}
}

func (p *Pacer) admit(it *Item) {
	switch {
	case it.urgent:
		p.ready.push(it)
	case p.market.isStrict(it):
		p.strict.push(it)
	case it.learned.foretells():
		p.sure.push(it)
	default:
		p.ready.push(it)
	}
}

// trade makes the price anew when it is time, and what depends on it.
func (p *Pacer) trade(now time.Time) {
	if !p.market.isOutdated(now) || !p.market.remake(p.budget.Rate(now)/margin, now) {
		return
	}
	for _, it := range p.market.items {
		p.plan(it, now)
	}
}

// candidate is who is next: who waits, but every other turn is that of one that is
// late. Where nothing is due, the first that will be is polled early.
func (p *Pacer) candidate(now time.Time) *Item {
	first, sure, strict := p.ready.first(), p.sure.first(), p.strict.first()
	if first == nil || sure != nil && !sure.due.After(now) && sure.due.Before(first.due) {
		first = sure
	}
	if first == nil || strict != nil && (!strict.due.After(now) || strict.due.Before(first.due)) {
		first = strict
	}
	isLate := first != nil && !first.due.After(now)
	if len(p.asked) > 0 && !(isLate && p.answered) {
		return p.asked[0]
	}
	return first
}

func (p *Pacer) begin(it *Item, now time.Time) {
	if p.answered = it.asked && p.asked[0] == it; p.answered {
		p.market.noteAsked(now)
	}
	p.Unask(it)
	it.leave()
	p.budget.Take(now)
	it.before = it.polled
	it.flying, it.urgent, it.polled = true, false, now
	it.lean(2*p.random() - 1)
	p.flights.begin(it, now)
}

// Return ends a poll that was not sent after all.
func (p *Pacer) Return(it *Item, now time.Time) {
	it.polled = it.before
	p.end(it)
	p.plan(it, now)
}

// Leave ends whatever there is about an item, for good.
func (p *Pacer) Leave(it *Item, now time.Time) {
	p.Unask(it)
	p.Rest(it)
	p.end(it)
}

func (p *Pacer) end(it *Item) {
	it.flying = false
	p.flights.end(it)
}

// Landed takes in what a poll came to.
func (p *Pacer) Landed(it *Item, o Outcome, now time.Time) {
	p.end(it)
	it.failing = o.Failing
	if o.Took > 0 && !o.Failing {
		p.latency.observe(o.Took, now)
	}
	if it.learned.belief == nil {
		return
	}
	if o.Known {
		it.learned.observe(it.polled, o.Changed, o.Instant)
	}
	it.interval = p.market.worth(it)
	p.plan(it, now)
}

// plan puts a feed where it belongs.
func (p *Pacer) plan(it *Item, now time.Time) {
	if it.flying {
		return
	}
	it.leave()
	if !it.isScheduled() {
		return
	}
	p.date(it)
	if it.allowed.After(now) {
		p.held.push(it)
	} else {
		p.admit(it)
	}
}

// date says when a feed should be polled, and when it may be at the earliest.
func (p *Pacer) date(it *Item) {
	interval := duration(p.market.within(it.interval * it.jitter))
	switch {
	case it.urgent:
		it.due = latest(it.urged, it.notBefore)
		it.allowed = it.due
	case it.polled.IsZero():
		it.allowed = latest(it.begun, it.notBefore)
		it.due = it.allowed.Add(interval)
	case p.market.isFixed(it):
		it.due = latest(it.polled.Add(it.terms.Min), it.notBefore)
		it.allowed = it.due
	case it.learned.foretells():
		it.allowed = latest(it.polled.Add(it.terms.Min), it.notBefore)
		it.due = latest(it.polled.Add(duration(it.interval)), it.allowed)
	default:
		it.allowed = latest(it.polled.Add(it.terms.Min), it.notBefore)
		it.due = latest(it.polled.Add(interval), it.allowed)
	}
}

// Again reports whether there is room for one request more within a turn that was
// given, and takes it.
func (p *Pacer) Again(now time.Time) bool {
	if p.budget.Earliest(now, true).After(now) {
		return false
	}
	p.budget.Take(now)
	return true
}

// Overloaded says that the origin refused a poll that began then as one too many.
func (p *Pacer) Overloaded(began, now time.Time) { p.budget.Refuse(began, now) }

const spread = 0.05 // of an interval, by which polls are early or late

// State is what an operator is told of a schedule.
type State struct {
	Full, Rate float64   // requests a second, configured and now
	Rest       time.Time // until when the origin is left alone
	Scheduled  int       // feeds
	Stretched  bool      // the budget is too small for the intervals that routes ask for
	Waiting    int       // who waits for a turn
	InFlight   int
	AtOnce     int // how many may be in flight
}

// State says how things are.
func (p *Pacer) State(now time.Time) State {
	rate := p.budget.Rate(now)
	return State{
		Full: p.budget.full, Rate: rate, Rest: p.budget.rest, Scheduled: len(p.market.items), Stretched: p.market.short,
		Waiting: len(p.asked), InFlight: p.flights.counted, AtOnce: p.latency.limit(rate),
	}
}
