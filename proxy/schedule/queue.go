package schedule

import (
	"container/heap"
	"time"
)

// queue is a heap of items by a time of theirs. An item is in one at most.
type queue struct {
	items []*Item
	when  func(*Item) *time.Time
}

// heapOf has heap.Interface for itself.
type heapOf queue

func (h *heapOf) Len() int           { return len(h.items) }
func (h *heapOf) Less(i, j int) bool { return h.when(h.items[i]).Before(*h.when(h.items[j])) }
func (h *heapOf) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].place, h.items[j].place = i, j
}
func (h *heapOf) Push(x any) {
	it := x.(*Item)
	it.place = len(h.items)
	h.items = append(h.items, it)
}
func (h *heapOf) Pop() any {
	last := len(h.items) - 1
	it := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	return it
}

func (q *queue) first() *Item {
	if len(q.items) == 0 {
		return nil
	}
	return q.items[0]
}

func (q *queue) push(it *Item) {
	it.queue = q
	heap.Push((*heapOf)(q), it)
}

// leave takes an item out of the queue that it is in, if any.
func (it *Item) leave() {
	if it.queue != nil {
		heap.Remove((*heapOf)(it.queue), it.place)
		it.queue = nil
	}
}
