package child

import (
	"strconv"
	"sync"
	"time"
)

// Snapshot is what /moving says. Instants are Unix time in nanoseconds, by the
// clock that all processes of the machine share.
type Snapshot struct {
	Version  int64 // counts the changes
	Previous int64 // the version that was told before this one; those between were never told
	Changed  int64 // when the first change behind Previous happened
	Asked    int64 // when this version was first asked for
}

// moving is a resource that changes by itself at a pace that is slower than the
// interval at times, and much faster at others. Nothing runs in it: whoever asks
// makes the changes happen whose time has come.
type moving struct {
	interval time.Duration
	size     int

	mu      sync.Mutex
	running bool
	version int64
	next    time.Time // when it changes, while it runs
	changed time.Time // when the first change happened that was not told; zero: none
	told    Snapshot
	body    []byte // says told; not changed once it was sent
}

func newMoving(size int, interval time.Duration) *moving {
	return &moving{size: size, interval: interval, version: 1, changed: time.Now()}
}

// gap is the time between a version and the next.
func (m *moving) gap() time.Duration {
	pace := [...]float64{1.3, 0.2, 0.2, 0.1, 0.2, 2.1, 0.7, 0.4, 1.6, 0.05, 0.05, 1.1, 0.9, 0.3, 0.6, 1.9}
	return time.Duration(pace[m.version%int64(len(pace))] * float64(m.interval))
}

func (m *moving) resume(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running, m.next = true, now.Add(m.gap())
}

// freeze stops the changes and returns the last version, which may not have been
// told yet.
func (m *moving) freeze(now time.Time) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passLocked(now)
	m.running = false
	return m.version
}

// answer returns the body as it is now. It must not be changed.
func (m *moving) answer(now time.Time) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passLocked(now)
	if m.version != m.told.Version {
		m.told = Snapshot{Version: m.version, Previous: m.told.Version, Changed: m.changed.UnixNano(), Asked: now.UnixNano()}
		m.body, m.changed = m.told.render(m.size), time.Time{}
	}
	return m.body
}

// passLocked makes happen what has happened by now.
func (m *moving) passLocked(now time.Time) {
	for m.running && !m.next.After(now) && m.interval > 0 {
		m.version++
		if m.changed.IsZero() {
			m.changed = m.next
		}
		m.next = m.next.Add(m.gap())
	}
}

// render writes the snapshot as JSON of so many bytes, or more if it does not fit.
func (s Snapshot) render(size int) []byte {
	b := strconv.AppendInt([]byte(`{"version":`), s.Version, 10)
	b = strconv.AppendInt(append(b, `,"previous":`...), s.Previous, 10)
	b = strconv.AppendInt(append(b, `,"changed":`...), s.Changed, 10)
	b = strconv.AppendInt(append(b, `,"asked":`...), s.Asked, 10)
	b = append(b, `,"fill":"`...)
	return append(fill(b, size-len(b)-len(`"}`)), `"}`...)
}

// ParseSnapshot reads the four numbers of a snapshot, and nothing else: it is
// what every subscriber does with everything it gets.
func ParseSnapshot(body []byte) (Snapshot, bool) {
	var n [4]int64
	found := 0
	for i := 0; i < len(body) && found < len(n); i++ {
		if body[i] != ':' {
			continue
		}
		for i++; i < len(body) && '0' <= body[i] && body[i] <= '9'; i++ {
			n[found] = 10*n[found] + int64(body[i]-'0')
		}
		found++
	}
	return Snapshot{Version: n[0], Previous: n[1], Changed: n[2], Asked: n[3]}, found == len(n)
}
