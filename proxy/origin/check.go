package origin

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"
)

// Check is how the servers of a group are asked whether they are well, beside all
// requests.
type Check struct {
	Path      string        // what is asked for
	Host      string        // "" is the server's own
	Agent     string        // User-Agent
	Interval  time.Duration // from the end of one check to the next, with jitter
	Timeout   time.Duration // of a whole one
	Status    []int         // answers that are good; none: 200 to 299
	Healthy   int           // good checks in a row that bring a server back
	Unhealthy int           // bad ones that have it left out; the first check of all counts for all of them
}

// pause is the time between two checks.
func (c *Check) pause() time.Duration {
	return c.Interval - c.Interval/10 + rand.N(c.Interval/5+1)
}

// examine checks a server once.
func (s *Server) examine(ctx context.Context) {
	err := s.check(ctx)
	if ctx.Err() != nil {
		return
	}
	s.checks.Add(1)
	if err != nil {
		s.failedChecks.Add(1)
	}
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	defer s.noteSettledLocked(now)
	if err == nil {
		s.passedLocked(now)
	} else {
		s.flunkedLocked(err, now)
	}
	s.checked = true
}

// check asks for the path, on a connection of its own: what is to be found out is
// whether one can be made, too.
func (s *Server) check(ctx context.Context) error {
	c := s.group.check
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	host := c.Host
	if host == "" {
		host = s.host
	}
	head := "GET " + c.Path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: " + c.Agent + "\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	resp, err := s.checker.Do(ctx, &Request{Method: "GET", Head: []byte(head), Timeout: c.Timeout})
	if err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxHead)
	_ = resp.Body.Close()
	if good := len(c.Status) == 0 && resp.Status/100 == 2 || slices.Contains(c.Status, resp.Status); !good {
		return fmt.Errorf("it answers %d", resp.Status)
	}
	return nil
}

func (s *Server) passedLocked(now time.Time) {
	s.reached.Store(true)
	s.streak = max(s.streak, 0) + 1
	back := s.state == Unhealthy && s.streak >= s.group.check.Healthy || s.state == Ejected && (!s.broken || !now.Before(s.until))
	switch {
	case !back:
	case len(s.group.servers) == 1: // which has been asked all the time
		s.enterLocked(Healthy, now)
		s.group.log.Info("a server is back", "upstream", s.group.upstream, "server", s.name)
	default:
		s.enterLocked(Returning, now)
	}
}

func (s *Server) flunkedLocked(err error, now time.Time) {
	s.streak = min(s.streak, 0) - 1
	if s.state == Unhealthy || s.checked && -s.streak < s.group.check.Unhealthy {
		return
	}
	if s.state != Ejected {
		s.group.log.Warn("the checks of a server fail", "upstream", s.group.upstream, "server", s.name, "error", err)
	}
	s.enterLocked(Unhealthy, now)
}
