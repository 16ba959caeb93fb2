package schedule

import (
	"slices"
	"time"
)

// happen has one thing happen to the world.
func (w *world) happen() {
	d, p := w.dice, w.p
	w.useful++
	r := w.resources[d.of(len(w.resources))]
	switch d.of(16) {
	case 0, 1, 2, 3:
		w.schedule(r, time.Time{}, false)
	case 4:
		w.schedule(r, w.now.Add(w.pause()), d.of(4) == 0)
	case 5:
		w.schedule(r, time.Time{}, true)
	case 6:
		if d.of(4) == 0 {
			w.leave(r)
			return
		}
		p.Rest(r.Item)
		w.model.unschedule(r)
	case 7, 8:
		w.wants(r)
	case 9:
		p.Unask(r.Item)
		w.model.unask(r)
	case 10:
		w.visit()
	case 11:
		for _, r := range w.resources {
			if d.of(2) == 0 {
				w.schedule(r, time.Time{}, false)
			}
		}
	case 12:
		w.refuse()
	case 13:
		w.leaveAlone()
	case 14:
		w.asking = one(d, 0, 0, 0.3, 1, 3) * w.model.budget
		w.ask = w.now
	case 15:
		w.took = min(w.took*one(d, 1, 8, 1.0/8), 1000)
	}
}

func (w *world) schedule(r *resource, notBefore time.Time, urgent bool) {
	subscribers := int64(1) << w.dice.of(10)
	w.model.schedule(r, notBefore, urgent)
	w.p.Schedule(r.Item, subscribers, notBefore, urgent, w.now)
}

// leave has a feed be given up, and another one be made.
func (w *world) leave(r *resource) {
	w.p.Leave(r.Item, w.now)
	w.model.leave(r)
	w.flying = slices.DeleteFunc(w.flying, func(other *resource) bool { return other == r })
	w.resources = slices.DeleteFunc(w.resources, func(other *resource) bool { return other == r })
	w.add(duration(float64(len(w.resources)+1) / w.model.budget))
}

func (w *world) wants(r *resource) {
	w.model.ask(r)
	w.p.Ask(r.Item)
}

// visit has somebody ask once for something that is no feed's.
func (w *world) visit() {
	v := &resource{visitor: true}
	v.Item = w.p.Visitor(v)
	w.model.add(v)
	w.wants(v)
}

// refuse has the origin refuse what is under way as too much, all at once.
func (w *world) refuse() {
	for _, r := range w.flying {
		w.p.Overloaded(r.lands.Add(-r.took), w.now)
		w.model.disturb(recovery)
	}
}

func (w *world) leaveAlone() {
	until := w.now.Add(w.pause())
	w.p.Budget().Rest(until)
	w.model.leaveAlone(until)
}

// clients ask for what they want, when it is time.
func (w *world) clients() {
	for w.asking > 0 && !w.ask.After(w.now) {
		w.ask = w.ask.Add(duration(w.random.ExpFloat64() / w.asking))
		w.wants(w.resources[w.random.IntN(len(w.resources))])
	}
}
