package feed

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// siege is an origin that does everything at once that an origin may do, and
// complains about each request that it should not have got.
type siege struct {
	t         *testing.T
	chance    *chance
	perSecond float64
	interval  time.Duration // the shortest

	mu     sync.Mutex
	begins []time.Time
	houses map[string]*house
	rest   time.Time // until when the host wants to be left alone
	busy   time.Time // until when it refuses everything
	halved time.Time // when it refused something last
}

// house is one of its resources.
type house struct {
	number  int       // its version
	flying  bool      // it is being polled
	good    bool      // the last poll was answered
	began   time.Time // when that began
	landed  time.Time // and when it ended
	allowed time.Time // when the next may, unless somebody writes
	refused time.Time // when it may, whoever writes
	wrote   time.Time // when somebody did last
	writes  int

	subscribers, askers int
	since               time.Time // when the first of these subscribers came
	left                time.Time // when somebody left
	owed                bool      // somebody who asked left without an answer
}

func newSiege(t *testing.T, c *chance, perSecond float64, interval time.Duration) *siege {
	return &siege{t: t, chance: c, perSecond: perSecond, interval: interval, houses: map[string]*house{}}
}

func (s *siege) houseLocked(path string) *house {
	if s.houses[path] == nil {
		s.houses[path] = &house{}
	}
	return s.houses[path]
}

// visit changes what is known of a house.
func (s *siege) visit(path string, do func(h *house)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.houseLocked(path))
}

// Do implements Origin.
func (s *siege) Do(ctx context.Context, req *origin.Request) (*origin.Response, error) {
	path := strings.Fields(string(req.Head))[1]
	s.visit(path, func(h *house) { s.admitLocked(path, h) })
	answered := s.chance.of(200) != 0 && pause(ctx, s.latency())
	if !answered {
		<-ctx.Done()
	}
	var resp *origin.Response
	s.visit(path, func(h *house) {
		h.flying, h.landed, h.good = false, time.Now(), false
		if answered && ctx.Err() == nil { // or another takes its place
			resp, h.owed = s.answerLocked(h), false
		}
	})
	if resp == nil {
		return nil, interrupted(ctx)
	}
	return resp, nil
}

// latency is a few milliseconds, mostly, and sometimes seconds.
func (s *siege) latency() time.Duration {
	if s.chance.of(20) == 0 {
		return s.chance.upTo(5 * time.Second)
	}
	return time.Millisecond + s.chance.upTo(30*time.Millisecond)
}

// admitLocked sees to it that a poll may begin now.
func (s *siege) admitLocked(path string, h *house) {
	now := time.Now()
	if s.begins = append(s.begins, now); s.perSecond > 0 {
		s.countLocked()
	}
	written := !h.wrote.Before(h.began)
	for what, wrong := range map[string]bool{
		"it is being polled already":               h.flying,
		"nobody wants it":                          h.subscribers == 0 && h.askers == 0 && !h.owed && h.left != now,
		"the host wants to be left alone":          now.Before(s.rest),
		"it failed, and wants to be left alone":    now.Before(h.refused),
		"it said that it would be good for longer": !written && now.Before(h.allowed),
		"it was polled a moment ago":               !written && h.good && now.Sub(h.began) < s.interval,
		"it was left out for too long":             s.isLateLocked(h, now),
	} {
		if wrong {
			s.t.Errorf("%s of %d is polled at %v, %v a second, and %s: %+v", path, len(s.houses), now, s.perSecond, what, h)
		}
	}
	h.flying, h.began = true, now
}

// countLocked sees to it that the latest request is within the budget.
func (s *siege) countLocked() {
	n := int(math.Ceil(s.perSecond))
	window := time.Duration(float64(n) / s.perSecond * float64(time.Second))
	last := len(s.begins) - 1
	if last < n {
		return
	}
	if within := s.begins[last].Sub(s.begins[last-n]); within < window {
		s.t.Errorf("%d requests in %v", n+1, within)
	}
}

// isLateLocked reports whether one that has subscribers was polled too late, though
// nothing was in the way.
func (s *siege) isLateLocked(h *house, now time.Time) bool {
	if s.perSecond == 0 || !h.good || h.subscribers == 0 || now.Sub(s.halved) < 2*time.Minute {
		return false
	}
	free := h.since
	for _, at := range []time.Time{h.landed, h.allowed, h.refused, s.rest} {
		free = maxTime(free, at)
	}
	// Three times as long as if all got the same, and a little: one that is due may
	// have to wait for others that are, and for what takes seconds to be answered.
	return now.Sub(free).Seconds() > 3.3*float64(len(s.houses))/s.perSecond
}

// answerLocked is what a poll is told.
func (s *siege) answerLocked(h *house) *origin.Response {
	now := time.Now()
	h.allowed = time.Time{}
	if now.Before(s.busy) {
		return s.refuseLocked(h, []int{429, 503}[s.chance.of(2)])
	}
	switch s.chance.of(40) {
	case 0:
		return nil
	case 1:
		return s.refuseLocked(h, []int{500, 502, 408}[s.chance.of(3)])
	}
	h.good = true
	if s.chance.of(3) == 0 {
		h.number++
	}
	fields := []string{"Content-Type", "text/plain", "Date", now.UTC().Format(http.TimeFormat)}
	wait := 1 + s.chance.of(4)
	switch s.chance.of(30) {
	case 0:
		fields = append(fields, "Cache-Control", fmt.Sprint("max-age=", wait))
	case 1:
		fields = append(fields, "X-Poll-Interval", strconv.Itoa(wait))
	case 2:
		fields = append(fields, "Cache-Control", fmt.Sprint("max-age=", wait+7), "Age", "7")
	default:
		wait = 0
	}
	if wait > 0 {
		h.allowed = now.Add(time.Duration(wait) * time.Second)
	}
	lie := now.Add(s.chance.upTo(20*time.Second) - 15*time.Second)
	return response(200, strconv.Itoa(h.number), append(fields, "Last-Modified", lie.UTC().Format(http.TimeFormat))...)
}

// refuseLocked is a failure, which half of the time says when to come back.
func (s *siege) refuseLocked(h *house, status int) *origin.Response {
	now := time.Now()
	isHost := status == 429 || status == 503
	if isHost {
		s.halved = now
	}
	if s.chance.of(2) == 0 {
		return response(status, "")
	}
	wait := 1 + s.chance.of(3)
	h.refused = now.Add(time.Duration(wait) * time.Second)
	if isHost {
		s.rest = maxTime(s.rest, h.refused)
	}
	return response(status, "", "Retry-After", strconv.Itoa(wait))
}
