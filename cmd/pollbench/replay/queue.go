package replay

import "container/heap"

// queue is all resources, the one that is due first in front.
type queue struct {
	due   []float64 // by resource
	order []int     // resources, as a heap
	place []int     // of a resource in order
}

func newQueue(due []float64) *queue {
	q := &queue{due: due, order: make([]int, len(due)), place: make([]int, len(due))}
	for i := range due {
		q.order[i], q.place[i] = i, i
	}
	heap.Init((*byDue)(q))
	return q
}

// first is the resource that is due first.
func (q *queue) first() int { return q.order[0] }

// set makes a resource due at another time.
func (q *queue) set(resource int, due float64) {
	q.due[resource] = due
	heap.Fix((*byDue)(q), q.place[resource])
}

// byDue is the queue as container/heap wants it. Nobody comes or goes.
type byDue queue

func (q *byDue) Len() int           { return len(q.order) }
func (q *byDue) Less(a, b int) bool { return q.due[q.order[a]] < q.due[q.order[b]] }
func (q *byDue) Push(any)           {}
func (q *byDue) Pop() any           { return nil }

func (q *byDue) Swap(a, b int) {
	q.order[a], q.order[b] = q.order[b], q.order[a]
	q.place[q.order[a]], q.place[q.order[b]] = a, b
}
