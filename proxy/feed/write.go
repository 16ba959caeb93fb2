package feed

import (
	"slices"
	"time"
)

// Write is what a request that passed through may have changed.
type Write struct {
	Targets  []string // URLs: its own, and those that its answer names (RFC 9111 section 4.4)
	Routes   []string // that refresh_on refreshes
	Site     string   // the origin that it went to
	Groups   []string // whose answers there it changed (RFC 9875 section 3)
	Identity string   // who wrote; "" if that is nobody in particular
	Own      *Feed    // that the writer holds, who waits there for what it did; may be nil
}

// Written invalidates what a write may have changed: each feed once, however many
// ways lead to it, and first those whose answers the writer gets. Nobody who sees
// the effect of the write on one is told by another what was before.
func (s *Feeds) Written(w *Write) {
	now := time.Now()
	reached := s.reached(w)
	s.reachGroups(reached, w, now)
	for f := range reached {
		f.expire()
	}
	for _, own := range []bool{true, false} {
		for f, bound := range reached {
			if own == (f.spec.Identity == "" || f.spec.Identity == w.Identity) {
				bound.refresh(f, now)
			}
		}
	}
}

// reached are the feeds that a write may have changed, and what bounds the polls
// that it causes of each.
func (s *Feeds) reached(w *Write) map[*Feed]*writes {
	reached := map[*Feed]*writes{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if f := w.Own; f != nil {
		if p := s.places[f.spec.Target]; p != nil {
			reached[f] = p.writes
		}
	}
	for _, target := range w.Targets {
		if p := s.places[target]; p != nil {
			reach(reached, p.feeds, p.writes)
		}
	}
	if len(w.Routes) > 0 {
		for _, f := range s.live {
			if _, already := reached[f]; !already && slices.Contains(w.Routes, f.spec.Route) {
				reached[f] = s.boundOf(f.spec.Route)
			}
		}
	}
	return reached
}

// reachGroups adds the feeds of the groups that a write names.
func (s *Feeds) reachGroups(reached map[*Feed]*writes, w *Write, now time.Time) {
	if len(w.Groups) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range w.Groups {
		for f := range s.groups.write(group{w.Site, name}, now) {
			if _, already := reached[f]; !already {
				reached[f] = s.boundOf(f.spec.Route)
			}
		}
	}
}

// reach adds feeds that are not reached in another way.
func reach(reached map[*Feed]*writes, feeds map[*Feed]struct{}, bound *writes) {
	for f := range feeds {
		if _, already := reached[f]; !already {
			reached[f] = bound
		}
	}
}

// boundOf bounds the polls that writes to elsewhere cause of a route's feeds.
func (s *Feeds) boundOf(route string) *writes {
	bound, ok := s.routes.Load(route)
	if !ok {
		bound, _ = s.routes.LoadOrStore(route, newWrites())
	}
	return bound.(*writes)
}
