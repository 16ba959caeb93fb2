package demo

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	// latenessLength is how many times of hearing a lane remembers at most: with
	// MaxClients, those of latenessMemory and more.
	latenessLength = 1 << 15

	// latenessMemory is for how long they count.
	latenessMemory = 30 * time.Second
)

// lateness remembers how late the clients of one lane heard of changes.
type lateness struct {
	journal *journal

	mu    sync.Mutex
	total int       // ever heard
	heard []hearing // the oldest first
}

// hearing is one client hearing of one change.
type hearing struct {
	number int // of the hearing, 1 for the first
	client int
	change int
	at     time.Time
	late   time.Duration
}

func newLateness(j *journal) *lateness { return &lateness{journal: j} }

// hear notes that a client that knew of the changes up to known has the given
// one, at that time. It has all of those between as well: it hears of them now.
func (l *lateness) hear(client, known int, latest change, at time.Time) {
	l.journal.note(latest.number, latest.at)
	changes := l.journal.between(known, latest.number)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		l.total++
		l.heard = append(l.heard, hearing{l.total, client, c.number, at, max(at.Sub(c.at), 0)})
	}
	if len(l.heard) >= latenessLength { // rarely: this moves what stays
		l.heard = slices.Delete(l.heard, 0, latenessLength/4)
	}
}

// count is how often anything was heard.
func (l *lateness) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// since returns what was heard since a time, the oldest first.
func (l *lateness) since(t time.Time) []hearing {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.heard)
	for i > 0 && !l.heard[i-1].at.Before(t) {
		i--
	}
	return slices.Clone(l.heard[i:])
}

// median is how late the typical one of so many clients hears of the changes
// since a time, as far as they are remembered; ok is false while too few have
// heard of any to tell. Who has not heard yet is known to be late by as much as
// the change is old, and more: without them, the quick ones would be all that a
// setting that has just begun is judged by. This is the estimate of Kaplan and
// Meier (1958).
func (l *lateness) median(clients int, since, now time.Time) (late time.Duration, ok bool) {
	if begin := now.Add(-latenessMemory); begin.After(since) {
		since = begin
	}
	waits := l.waits(clients, since, now)
	slices.SortFunc(waits, func(a, b wait) int { return cmp.Compare(a.took, b.took) })
	waiting := 1.0 // the part of clients that wait for longer
	for i, w := range waits {
		if w.over {
			waiting *= 1 - 1/float64(len(waits)-i)
		}
		if waiting <= 0.5 {
			return w.took, true
		}
	}
	return 0, false
}

// wait is a client's for a change, which has taken so long or does yet.
type wait struct {
	took time.Duration
	over bool
}

// waits are those of so many clients for each change since a time.
func (l *lateness) waits(clients int, since, now time.Time) (all []wait) {
	changes := l.journal.since(since)
	if len(changes) == 0 {
		return nil
	}
	waiting := map[int]int{} // change → clients
	for _, c := range changes {
		waiting[c.number] = clients
	}
	for _, h := range l.since(since) {
		if waiting[h.change] > 0 {
			waiting[h.change]--
			all = append(all, wait{h.late, true})
		}
	}
	for _, c := range changes {
		for range waiting[c.number] {
			all = append(all, wait{max(now.Sub(c.at), 0), false})
		}
	}
	return all
}
