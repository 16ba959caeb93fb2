package logs

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// Options say what to make up.
type Options struct {
	Lines int           // at least 1
	Span  time.Duration // from the first to about the last
	Seed  uint64
}

// actor asks for something now and then.
type actor interface {
	// ask fills in what it asks for now, and says how long until it asks again;
	// negative: never.
	ask(w *world, l *Line) time.Duration
}

// world is what actors share.
type world struct {
	*rand.Rand
	now    time.Duration
	people int // so far
	queue  events
}

// event is an actor that asks, or the next one of its kind that comes.
type event struct {
	at     time.Duration
	serial int // of two at the same time, the first
	actor  actor
	kind   Kind
	line   *Line // or an answer that took its time
}

// Generate makes up a log and calls emit with each line in the order in which
// they are written, which is when requests have been answered, until that fails or
// there are enough. The line is good until emit returns.
func Generate(o Options, emit func(*Line) error) error {
	w := &world{Rand: rand.New(rand.NewPCG(o.Seed, 0x6c6f6773))}
	rate := float64(o.Lines) / o.Span.Seconds()
	for kind, share := range shares {
		w.arrive(Kind(kind), rate*share.lines/share.each)
	}
	var l Line
	for n := 0; n < o.Lines; {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		if e.line != nil {
			if err := emit(e.line); err != nil {
				return err
			}
			n++
			continue
		}
		if e.actor == nil {
			w.push(e.at, e.kind, casting[e.kind](w))
			w.arrive(e.kind, rate*shares[e.kind].lines/shares[e.kind].each)
			continue
		}
		l = Line{At: w.now, Kind: e.kind, Method: "GET", Status: 200, Took: w.latency()}
		again := e.actor.ask(w, &l)
		if l.Took < time.Second {
			if err := emit(&l); err != nil {
				return err
			}
			n++
		} else {
			w.answer(l)
		}
		if again >= 0 {
			w.push(w.now+again, e.kind, e.actor)
		}
	}
	return nil
}

// arrive has the next actor of a kind come, at so many per second.
func (w *world) arrive(k Kind, rate float64) {
	w.push(w.now+seconds(w.ExpFloat64()/rate), k, nil)
}

// answer has a line written when it is answered.
func (w *world) answer(l Line) {
	heap.Push(&w.queue, event{at: l.At + l.Took, serial: w.queue.pushed, line: &l})
	w.queue.pushed++
}

func (w *world) push(at time.Duration, k Kind, a actor) {
	heap.Push(&w.queue, event{at: at, serial: w.queue.pushed, actor: a, kind: k})
	w.queue.pushed++
}

// latency is about 20 ms, and sometimes much more.
func (w *world) latency() time.Duration { return seconds(0.02 * math.Exp(0.5*w.NormFloat64())) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// events is a heap.
type events struct {
	all    []event
	pushed int
}

func (e *events) Len() int { return len(e.all) }
func (e *events) Less(i, j int) bool {
	a, b := &e.all[i], &e.all[j]
	return a.at < b.at || a.at == b.at && a.serial < b.serial
}
func (e *events) Swap(i, j int) { e.all[i], e.all[j] = e.all[j], e.all[i] }
func (e *events) Push(x any)    { e.all = append(e.all, x.(event)) }
func (e *events) Pop() any {
	last := len(e.all) - 1
	x := e.all[last]
	e.all = e.all[:last]
	return x
}
