package child

import (
	"sync"
	"time"
)

// steps is resources that change when they are told to, all at once, and say when
// they were asked for what they say first: that is the instant of publication.
type steps struct {
	size int

	mu      sync.Mutex
	version int64
	told    map[string]*told // by path
}

// told is what a path said last.
type told struct {
	version int64
	body    []byte // not changed once it was sent
}

func newSteps(size int) *steps { return &steps{size: size, version: 1, told: map[string]*told{}} }

// step makes a change, and returns its version.
func (s *steps) step() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	return s.version
}

// answer returns the body of a path as it is now. It must not be changed.
func (s *steps) answer(path string, now time.Time) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.told[path]
	if last == nil {
		last = &told{}
		s.told[path] = last
	}
	if last.version != s.version {
		last.body = Published(s.version, now, s.size)
		last.version = s.version
	}
	return last.body
}

// LeastBody is how long a snapshot is at least: shorter ones cannot say all that
// they must.
const LeastBody = 200

// Published is a snapshot of so many bytes that is published now.
func Published(version int64, now time.Time, size int) []byte {
	at := now.UnixNano()
	return Snapshot{Version: version, Previous: version - 1, Changed: at, Asked: at}.render(size)
}
