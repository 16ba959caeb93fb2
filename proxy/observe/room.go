package observe

import (
	"sync/atomic"
	"time"
)

// room bounds how many resources all routes know together.
type room struct {
	most atomic.Int64
	here atomic.Int64
}

const (
	// evictionSample is how many resources are looked at to find one that can
	// go: the oldest of a few at random is nearly as good as the oldest of all.
	evictionSample = 16

	// forgotten is how long nobody asks for a resource before it is dropped
	// when another one comes.
	forgotten = 10 * time.Minute
)

// makeRoomLocked makes room for one resource, if need be at the expense of the
// one of the lens that was not wanted for longest.
func (l *lens) makeRoomLocked(now time.Time) {
	var oldest *resource
	looked := 0
	for _, r := range l.resources { // in random order
		if oldest == nil || r.used.Before(oldest.used) {
			oldest = r
		}
		if looked++; looked == evictionSample {
			break
		}
	}
	full := l.room.here.Load() >= l.room.most.Load()
	if oldest != nil && (full || now.Sub(oldest.used) > forgotten) {
		l.dropLocked(oldest)
	}
}

func (l *lens) dropLocked(r *resource) {
	delete(l.resources, r.id)
	if r.place.resources--; r.place.resources == 0 {
		delete(l.places, r.place.id)
	}
	l.room.here.Add(-1)
}
