package demo

import (
	"sync"
	"time"
)

// Of a meter: how long a count is remembered, and the shortest time over which
// a rate says anything.
const (
	meterMemory = 30 * time.Second
	meterLeast  = 1500 * time.Millisecond
)

// meter makes a rate of a count that is read now and then.
type meter struct {
	mu    sync.Mutex
	notes []note // the oldest first
}

type note struct {
	at    time.Time
	count int
}

// note remembers the count at a time, and forgets the oldest ones.
func (m *meter) note(at time.Time, count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = append(m.notes, note{at, count})
	for at.Sub(m.notes[0].at) > meterMemory {
		m.notes = m.notes[1:]
	}
}

// perSecond is the rate over the window, or since a time if that is shorter; ok
// is false while there is too little to tell.
func (m *meter) perSecond(since time.Time, window time.Duration) (rate float64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.notes) == 0 {
		return 0, false
	}
	last := m.notes[len(m.notes)-1]
	if begin := last.at.Add(-window); begin.After(since) {
		since = begin
	}
	for _, first := range m.notes {
		if first.at.Before(since) {
			continue
		}
		took := last.at.Sub(first.at)
		return float64(last.count-first.count) / took.Seconds(), took >= meterLeast
	}
	return 0, false
}
