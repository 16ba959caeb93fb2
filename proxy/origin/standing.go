package origin

import (
	"math/rand/v2"
	"time"
)

const (
	// ejectionTime is how long a server is left out for the first time. Each time in
	// a row it is twice as long, up to maxEjection, with jitter.
	ejectionTime = time.Second
	maxEjection  = 30 * time.Second

	// wellTime is how long a server has to be well for the next time to be the first.
	wellTime = time.Minute
)

// settle judges a server by what came of a request that began then. What began before
// it came into its state says nothing about it.
func (s *Server) settle(f fault, began, now time.Time) {
	if f.weight > 0 {
		s.failures.Add(1)
	} else if !f.silent && s.settled.Load() {
		if !s.reached.Load() {
			s.reached.Store(true)
		}
		return
	}
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	defer s.noteSettledLocked(now)
	old := began.Before(s.since)
	if s.trial && !old {
		s.trial = false
		s.poke()
	}
	switch {
	case f.silent || old:
	case f.weight > 0:
		s.failedLocked(f, now)
	default:
		s.reached.Store(true)
		s.succeededLocked(now)
	}
}

func (s *Server) succeededLocked(now time.Time) {
	s.strain = 0
	switch s.state {
	case Returning:
		s.proveLocked(now)
	case Ejected: // it was asked because there was no other
		s.enterLocked(Returning, now)
		s.proveLocked(now)
	}
}

func (s *Server) failedLocked(f fault, now time.Time) {
	s.strain += f.weight
	onTrial := s.state == Returning && s.proven.IsZero()
	if s.state == Ejected || s.state == Unhealthy || s.strain < maxStrain && !onTrial {
		return
	}
	if s.strain = 0; s.group.isLastLocked(s, now) {
		return // somebody has to be asked
	}
	if s.state == Healthy {
		s.group.log.Warn("a server is left out for a while", "upstream", s.group.upstream, "server", s.name, "error", f.why)
	}
	s.ejections.Add(1)
	s.ejectLocked(f.broken, now)
}

// ejectLocked leaves a server out, for longer than the last time.
func (s *Server) ejectLocked(broken bool, now time.Time) {
	if s.state == Healthy && now.Sub(s.since) > wellTime {
		s.times = 0
	}
	s.times++
	s.enterLocked(Ejected, now)
	d := min(ejectionTime<<min(s.times-1, 10), maxEjection)
	s.until = now.Add(d - d/8 + rand.N(d/4))
	s.broken = broken
	s.poke()
}

// enterLocked has a state begin.
func (s *Server) enterLocked(state State, now time.Time) {
	s.state, s.since, s.strain, s.trial, s.proven = state, now, 0, false, time.Time{}
	if state == Returning {
		s.poke()
	}
}

// proveLocked begins to give a server that returns its share.
func (s *Server) proveLocked(now time.Time) {
	if s.proven.IsZero() {
		s.proven = now
		s.group.log.Info("a server is back", "upstream", s.group.upstream, "server", s.name)
		s.poke()
	}
}

// noteSettledLocked keeps settled true to what it says.
func (s *Server) noteSettledLocked(now time.Time) {
	s.settled.Store(s.state == Healthy && s.strain == 0 && !now.Before(s.rests))
}

// isLastLocked reports whether something is wrong with all other servers. One that wants
// to be left alone would be asked before none.
func (g *Group) isLastLocked(s *Server, now time.Time) bool {
	for _, other := range g.servers {
		if other != s && other.worksLocked(nil, now) {
			return false
		}
	}
	return true
}

// rest leaves a server alone until then.
func (s *Server) rest(until time.Time) {
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(s.rests) {
		s.rests = until
	}
	s.noteSettledLocked(time.Now())
	s.poke()
}
