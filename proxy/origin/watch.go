package origin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// idleWatch is how often a watch looks that has nothing to look at.
const idleWatch = time.Hour

// watch does what is due about a server: checks, the end of its ejection, and that of
// its return.
func (s *Server) watch(ctx context.Context) {
	defer s.group.running.Done()
	var check time.Time // when the next one is due; zero: never
	if c := s.group.check; c != nil {
		check = time.Now().Add(rand.N(min(c.Interval, time.Second))) // not all of them at once
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.poked:
		case <-timer.C:
		}
		now := time.Now()
		if !check.IsZero() && !now.Before(check) {
			s.contain(func() { s.examine(ctx) })
			now = time.Now()
			check = now.Add(s.group.check.pause())
		}
		s.contain(func() { s.probe(ctx) })
		timer.Reset(s.due(time.Now(), check))
	}
}

// contain keeps a panic from ending the process: the server stays as it is.
func (s *Server) contain(f func()) {
	defer func() {
		if p := recover(); p != nil {
			s.group.log.Error("the watch of a server panicked", "upstream", s.group.upstream, "server", s.name,
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// due is how long there is nothing to do.
func (s *Server) due(now, check time.Time) time.Duration {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	next := now.Add(idleWatch)
	for _, at := range []time.Time{check, s.turnsLocked()} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	if s.rests.After(now) && s.rests.Before(next) {
		next = s.rests
	}
	return max(next.Sub(now), time.Millisecond)
}

// turnsLocked is when time changes the state; zero: never.
func (s *Server) turnsLocked() time.Time {
	switch {
	case s.state == Ejected:
		return s.until
	case s.state == Returning && s.trial:
		return time.Time{} // that will tell
	case s.state == Returning && s.proven.IsZero():
		return s.since.Add(trialTime)
	case s.state == Returning:
		return s.proven.Add(returnTime)
	}
	return time.Time{}
}

// probe ends an ejection if the server can be connected to, and a return that is over.
func (s *Server) probe(ctx context.Context) {
	now := time.Now()
	s.group.mu.Lock()
	at, state := s.turnsLocked(), s.state
	over := !at.IsZero() && !now.Before(at)
	if over && state == Returning {
		s.advanceLocked(now)
	}
	s.noteSettledLocked(now)
	s.group.mu.Unlock()
	if !over || state != Ejected {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err := s.polls.Reach(bounded)
	if ctx.Err() != nil {
		return
	}
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	switch now = time.Now(); {
	case s.state != Ejected:
	case err == nil:
		s.enterLocked(Returning, now)
	default:
		s.ejectLocked(false, now)
	}
}

// probeTimeout bounds an attempt to connect to a server that was left out.
const probeTimeout = 3 * time.Second

// advanceLocked takes a server that returns one step further.
func (s *Server) advanceLocked(now time.Time) {
	if s.proven.IsZero() {
		s.proveLocked(now) // nobody asked
		return
	}
	s.enterLocked(Healthy, now)
}
