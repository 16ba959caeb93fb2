package load

import (
	"maps"
	"slices"
	"sync"
)

// Writes is the account of numbered writes, from the clients' side. It is safe
// for concurrent use.
type Writes struct {
	mu      sync.Mutex
	last    int64
	status  map[int64]int // of those that were answered
	sockets [][]int64     // the messages of each, in order
}

func (w *Writes) next() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	return w.last
}

func (w *Writes) answered(number int64, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == nil {
		w.status = map[int64]int{}
	}
	w.status[number] = status
}

func (w *Writes) sent(numbers []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sockets = append(w.sockets, numbers)
}

// Account is what became of the writes.
type Account struct {
	Sent     int64 `json:"sent"`     // in all
	Good     int64 `json:"good"`     // answered 2xx
	Arrived  int64 `json:"arrived"`  // at the origin
	Lost     int64 `json:"lost"`     // answered 2xx, and never arrived
	Repeated int64 `json:"repeated"` // arrived more than once
	Gaps     int64 `json:"gaps"`     // messages that arrived behind one of the same socket that did not
}

// Compare compares what clients know with how often each number arrived.
func (w *Writes) Compare(arrived map[int64]int) Account {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := Account{Sent: w.last, Arrived: int64(len(arrived))}
	for number, status := range w.status {
		if status/100 != 2 {
			continue
		}
		if a.Good++; arrived[number] == 0 {
			a.Lost++
		}
	}
	for times := range maps.Values(arrived) {
		if times > 1 {
			a.Repeated++
		}
	}
	for _, numbers := range w.sockets {
		a.Gaps += gaps(numbers, arrived)
	}
	return a
}

// gaps counts what arrived although something before it did not: the messages
// of a socket are sent on in order, and the first that fails closes it.
func gaps(numbers []int64, arrived map[int64]int) (n int64) {
	first := slices.IndexFunc(numbers, func(number int64) bool { return arrived[number] == 0 })
	if first < 0 {
		return 0
	}
	for _, number := range numbers[first:] {
		if arrived[number] > 0 {
			n++
		}
	}
	return n
}
