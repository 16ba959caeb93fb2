package origin

import (
	"slices"
	"time"
)

const (
	// returnTime is how long a server that is back takes to get its whole share.
	returnTime = 10 * time.Second

	// returnShare is what it begins with.
	returnShare = 0.1

	// trialTime is how long a server that can be connected to waits for a request
	// that may show whether it answers. Then it is believed.
	trialTime = 10 * time.Second

	// slack is how many requests a server may have under way before it matters that
	// others have fewer: below that, a feed stays with the server that it is used to.
	slack = 16
)

// choose returns the server for a request, but none of those that were tried: the
// one that the request's Affinity prefers, unless that has much more to do than
// others; without one the one that has least to do. Who is back gets more than its
// share where nobody else takes requests, and who only wants to be left alone is asked
// before those that are left out. These are chosen where there is no other at all.
// A request of a server's own trial is one by which it is judged: settle must follow.
func (g *Group) choose(req *Request, tried []*Server, now time.Time) (s *Server, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn++
	if s = g.bestLocked(req, tried, now, (*Server).openLocked); s != nil {
		if s.state == Returning && s.proven.IsZero() {
			s.trial = true
		}
		return s, true
	}
	for _, suits := range []func(*Server, *Request, time.Time) bool{(*Server).backLocked, (*Server).worksLocked, (*Server).existsLocked} {
		if s = g.bestLocked(req, tried, now, suits); s != nil {
			break
		}
	}
	return s, false
}

// hasOther reports whether a server is open to a request besides those.
func (g *Group) hasOther(req *Request, tried []*Server, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bestLocked(req, tried, now, (*Server).openLocked) != nil
}

// bestLocked considers those that suit a request.
func (g *Group) bestLocked(req *Request, tried []*Server, now time.Time, suits func(*Server, *Request, time.Time) bool) (best *Server) {
	most := int64(1 << 62)
	if req.Affinity != 0 {
		most = g.boundLocked()
	}
	var rank uint64
	for i := range g.servers {
		s := g.servers[(i+g.turn)%len(g.servers)]
		if slices.Contains(tried, s) || !suits(s, req, now) {
			continue
		}
		own := mix(req.Affinity ^ s.seed)
		load := s.load.to(req)
		switch {
		case best == nil:
		case req.Affinity == 0 || load > most && best.load.to(req) > most:
			if least := best.load.to(req); load > least || load == least && s.state != Returning {
				continue
			}
		case load > most || best.load.to(req) <= most && own < rank:
			continue
		}
		best, rank = s, own
	}
	return best
}

// boundLocked is how much a server may have to do and still get the requests that
// prefer it.
func (g *Group) boundLocked() int64 {
	total := int64(0)
	for _, s := range g.servers {
		total += s.load.Load()
	}
	return slack + 2*total/int64(len(g.servers))
}

// openLocked reports whether a server may be asked this. One that returns gets its
// trial first, which no write is: should it fail, something else can be tried. Then it
// gets a share of what would be its own. That of feeds is of those that prefer it, each as
// a whole, so that it changes servers only once. That of other requests is of all: who is
// back has least to do, and would get whatever it may.
func (s *Server) openLocked(req *Request, now time.Time) bool {
	if s.settled.Load() {
		return true
	}
	if now.Before(s.rests) {
		return false
	}
	switch s.state {
	case Healthy:
		return true
	case Returning:
		if s.proven.IsZero() {
			return req.Safe && !s.trial
		}
		share := returnShare + (1-returnShare)*float64(now.Sub(s.proven))/float64(returnTime)
		if req.Affinity != 0 {
			return float64(mix(req.Affinity+s.seed)>>11)/(1<<53) < share
		}
		return s.group.random() < share/float64(s.group.takersLocked(now))
	}
	return false
}

// takersLocked is how many servers take requests.
func (g *Group) takersLocked(now time.Time) (n int) {
	for _, s := range g.servers {
		if s.takesLocked(now) {
			n++
		}
	}
	return n
}

// takesLocked reports whether a server takes requests, be it no more than a share.
func (s *Server) takesLocked(now time.Time) bool {
	return s.worksLocked(nil, now) && !now.Before(s.rests)
}

// backLocked reports whether a server was shown to be back, whatever its share: it is
// there to be asked before any that is left out.
func (s *Server) backLocked(_ *Request, now time.Time) bool {
	return s.state == Returning && s.takesLocked(now)
}

// worksLocked reports whether nothing is wrong with a server, though it may want to be
// left alone.
func (s *Server) worksLocked(*Request, time.Time) bool {
	return s.state == Healthy || s.state == Returning && !s.proven.IsZero()
}

// existsLocked is all that is asked of a server where no other is better.
func (s *Server) existsLocked(*Request, time.Time) bool { return true }

// mix makes a number of which every bit depends on every bit of another (the
// finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
