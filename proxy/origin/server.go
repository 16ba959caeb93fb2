package origin

import (
	"crypto/tls"
	"hash/fnv"
	"net/url"
	"sync/atomic"
	"time"
)

// State is what a group thinks of a server.
type State string

// The states.
const (
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy" // its checks fail
	Ejected   State = "ejected"   // requests failed: it is left out for a while
	Returning State = "returning" // it is let in again, little by little
	Resting   State = "resting"   // it said that it wants to be left alone for a while
)

// Server is one of a group.
type Server struct {
	group                  *Group
	name                   string // its URL, which has no user and no password
	host                   string // of its URL
	seed                   uint64 // by which feeds choose it
	polls, passes, checker *Client

	load                                        load
	reached                                     atomic.Bool // a connection was made once
	requests, failures                          atomic.Int64
	checks, failedChecks, ejections, failedOver atomic.Int64

	// settled says, without a look at the rest, that there is nothing to think about:
	// it is healthy, nothing has failed, and it does not rest.
	settled atomic.Bool
	poked   chan struct{} // its watch should look when the next thing is due

	// Guarded by the group's mu.
	state   State
	since   time.Time // of the state
	until   time.Time // of ejection
	times   int       // it was ejected without having been well for long in between
	broken  bool      // what it was ejected for is not that it could not be connected to
	strain  int       // what failed since something did not
	trial   bool      // of a returning one: a request that tells whether it is back is under way
	proven  time.Time // of a returning one: when it was; zero: not yet
	rests   time.Time // until when it wants to be left alone
	streak  int       // checks that went the same way: good ones, or bad ones as a negative number
	checked bool      // ever
}

// Name is the server's URL, which has no user and no password; "" of nil.
func (s *Server) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

func newServer(g *Group, u *url.URL, config *tls.Config) *Server {
	s := &Server{group: g, name: u.Scheme + "://" + u.Host, host: u.Host, poked: make(chan struct{}, 1), state: Healthy}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s.name))
	s.seed = hash.Sum64()
	names := newNames(u.Hostname())
	s.polls, s.passes = newClient(u, config, names, &s.load), newClient(u, config, names, &s.load)
	if s.settled.Store(true); g.check != nil {
		s.checker = newClient(u, config, names, new(load))
	}
	return s
}

func (s *Server) close() {
	s.polls.Close()
	s.passes.Close()
	if s.checker != nil {
		s.checker.Close()
	}
}

// Standing is what an operator is told of a server.
type Standing struct {
	Server   string // its URL
	State    State
	InFlight int64 // requests, connections being made, and tunnels

	Requests             int64 // sent, polls and passed ones
	Failures             int64 // of them, that it failed: no connection, no answer, or to a poll half of one or 502 to 504
	FailedOver           int64 // of them, that went on to another server
	Ejections            int64
	Checks, FailedChecks int64
}

func (s *Server) standing() Standing {
	s.group.mu.Lock()
	state := s.state
	if state == Healthy && time.Now().Before(s.rests) {
		state = Resting
	}
	s.group.mu.Unlock()
	return Standing{
		Server: s.name, State: state, InFlight: s.load.Load() + s.load.held.Load(),
		Requests: s.requests.Load(), Failures: s.failures.Load(), FailedOver: s.failedOver.Load(), Ejections: s.ejections.Load(),
		Checks: s.checks.Load(), FailedChecks: s.failedChecks.Load(),
	}
}

// poke has the watch look when the next thing is due.
func (s *Server) poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}
