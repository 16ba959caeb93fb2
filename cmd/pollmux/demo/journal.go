package demo

import (
	"sync"
	"time"
)

// journalLength is how many changes are remembered: minutes of them.
const journalLength = 64

// journal remembers when the scoreboard changed. What is told of it by the
// scoreboard and by clients alike is the same.
type journal struct {
	mu      sync.Mutex
	changes []change // the oldest first; none is missing for long
}

// change is one change of the scoreboard.
type change struct {
	number int
	at     time.Time
}

// note remembers a change, if it is newer than all before it.
func (j *journal) note(number int, at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.changes); n > 0 && number <= j.changes[n-1].number {
		return
	}
	j.changes = append(j.changes, change{number, at})
	if len(j.changes) > journalLength {
		j.changes = j.changes[1:]
	}
}

// between returns the changes after one, up to and with another.
func (j *journal) between(after, upTo int) []change {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []change
	for _, c := range j.changes {
		if after < c.number && c.number <= upTo {
			found = append(found, c)
		}
	}
	return found
}

// since returns the changes since a time, the oldest first.
func (j *journal) since(t time.Time) []change {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, c := range j.changes {
		if !c.at.Before(t) {
			return append([]change(nil), j.changes[i:]...)
		}
	}
	return nil
}

// latest returns the last n changes, the oldest first.
func (j *journal) latest(n int) []change {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]change(nil), j.changes[max(0, len(j.changes)-n):]...)
}
