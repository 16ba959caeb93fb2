package legacy

import (
	"slices"
	"sync"
)

// settings are what a Faulty origin says and how it misbehaves, per path.
type settings struct {
	mu    sync.Mutex // guards what follows
	paths map[string]setting
}

// setting is what holds on one path; "" is every path.
type setting struct {
	answer func(*Request) Answer
	fault  Fault
	broken bool // the fault holds, even a nil one
}

func newSettings(answer Answer) *settings {
	s := &settings{paths: make(map[string]setting)}
	s.Answer(answer)
	return s
}

// Answer sets what the origin says on these paths (without a query), or, if
// none is named, on every path that has no answer of its own. It holds from
// the next request on.
func (s *settings) Answer(answer Answer, paths ...string) {
	s.AnswerFunc(func(*Request) Answer { return answer }, paths...)
}

// AnswerFunc is Answer with a function. It is called once per request, by many
// goroutines at once, and must not change the request.
func (s *settings) AnswerFunc(answer func(*Request) Answer, paths ...string) {
	s.change(paths, func(at *setting) { at.answer = answer })
}

// Break makes the origin misbehave on these paths, or, if none is named, on
// every path that has no fault of its own, from the next request on. A nil
// fault is good behaviour.
func (s *settings) Break(fault Fault, paths ...string) {
	s.change(paths, func(at *setting) { at.fault, at.broken = fault, true })
}

// Heal undoes Break for these paths, or, if none is named, for all. A fault
// that is under way goes on.
func (s *settings) Heal(paths ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, at := range s.paths {
		if len(paths) == 0 || slices.Contains(paths, path) {
			at.fault, at.broken = nil, false
			s.paths[path] = at
		}
	}
}

func (s *settings) change(paths []string, change func(*setting)) {
	if len(paths) == 0 {
		paths = []string{""}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		at := s.paths[path]
		change(&at)
		s.paths[path] = at
	}
}

// on is what holds for a request to that path.
func (s *settings) on(path string) setting {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, everywhere := s.paths[path], s.paths[""]
	if at.answer == nil {
		at.answer = everywhere.answer
	}
	if !at.broken {
		at.fault = everywhere.fault
	}
	return at
}
