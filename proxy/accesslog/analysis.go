package accesslog

import "time"

// Witness is told what each request was found to be, for those who know better. Its
// methods are called by one goroutine.
type Witness interface {
	// Belongs says which flow a request belongs to, by its line from 0.
	Belongs(line int64, flow uint64)

	// Judged says whether a flow is polls.
	Judged(flow uint64, poll bool)
}

// analysis takes in requests in order. It belongs to one goroutine.
type analysis struct {
	ladder ladder
	tree   *tree
	flows  *flows
	feeds  *feeds
	queue  *queue

	witness Witness                // nil: none
	depend  map[*endpoint][]uint64 // flows that depend on what others are; with a witness only

	first, last int64 // when requests came
	requests    int64
	rough       int64 // with dates in whole seconds
	timed       int64 // of which the log says how long they took
}

func newAnalysis(interval time.Duration, w Witness) *analysis {
	a := &analysis{ladder: newLadder(interval), tree: newTree(maxEndpoints), witness: w, depend: map[*endpoint][]uint64{}}
	a.flows = newFlows(maxFlows, a.judge)
	a.feeds = newFeeds(a.ladder, maxFeeds)
	a.queue = newQueue(a.add)
	return a
}

// add takes in the next request.
func (a *analysis) add(r *request) {
	a.requests++
	if a.first == 0 {
		a.first = r.order
	}
	a.last = max(a.last, r.order)
	if !r.fine {
		a.rough++
	}
	if r.took >= 0 {
		a.timed++
	}
	f := a.flows.add(r, a.tree.place)
	if a.witness != nil {
		a.witness.Belongs(r.line, f.id)
	}
	if f.end == a.tree.rest[0] && f.rhythm.n == shortest && r.status == 404 {
		a.movein(f, r)
	}
	e := f.end.root()
	f.end = e
	e.add(r)
	switch r.method {
	case read:
		e.reads++
		a.feeds.play(r, &e.saved, &e.savedBytes)
	case post, write:
		a.feeds.write(r)
	}
}

// movein gives a flow an endpoint of its own that asks again and again for what is
// not there.
func (a *analysis) movein(f *flow, r *request) {
	found := *r
	found.status = 0
	f.end, f.before = a.tree.place(&found), f.rhythm.n-1
}

// judge is told of flows that are over.
func (a *analysis) judge(f *flow) {
	c := f.judge()
	e := f.end.root()
	e.take(f, c)
	a.tree.rest[0].of[c] += int64(f.before)
	switch {
	case a.witness == nil:
	case c == undecided:
		a.depend[f.end] = append(a.depend[f.end], f.id)
	default:
		a.witness.Judged(f.id, c == polling)
	}
}

// finish judges what is left, and then what depends on what others are.
func (a *analysis) finish() {
	a.queue.close()
	a.flows.finishAll()
	settled := map[*endpoint]bool{}
	a.tree.all(func(e *endpoint) { settled[e] = e.settle() })
	for e, flows := range a.depend {
		for _, id := range flows {
			a.witness.Judged(id, settled[e.root()])
		}
	}
}

// settle decides what short flows are: what most of the others on their endpoint are,
// if those are many.
func (e *endpoint) settle() bool {
	polls, others := e.of[polling], e.of[browsing]+e.of[crawling]
	poll := polls >= 10 && polls >= 4*others && polls >= e.of[undecided] && e.method == read
	if poll {
		e.of[polling] += e.of[undecided]
		e.of[undecided] = 0
	}
	return poll
}
