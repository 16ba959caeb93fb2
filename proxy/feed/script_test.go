package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// script is an origin that answers polls as a test says, and notes them. It
// fails the test if two polls of one resource are under way at once.
type script struct {
	t       testing.TB
	latency time.Duration // of each answer, in the bubble's time
	open    atomic.Int64  // bodies that nobody has closed

	mu     sync.Mutex
	say    func(p *poll) *origin.Response // nil: the connection is cut
	polls  []poll
	flying map[string]bool // by what a feed's polls have in common
}

// poll is a request that came.
type poll struct {
	ctx   context.Context
	line  string // GET /x HTTP/1.1
	head  string
	asked *origin.Request
	began time.Time
	n     int // of all, from 1
}

// Do implements Origin.
func (s *script) Do(ctx context.Context, req *origin.Request) (*origin.Response, error) {
	line, _, _ := strings.Cut(string(req.Head), "\r\n")
	feed, _, _ := strings.Cut(string(req.Head), "\r\nIf-")
	s.mu.Lock()
	if s.flying[feed] {
		s.t.Errorf("two polls of %q are under way", feed)
	}
	s.flying[feed] = true
	p := poll{ctx: ctx, line: line, head: string(req.Head), asked: req, began: time.Now(), n: len(s.polls) + 1}
	s.polls = append(s.polls, p)
	say, latency := s.say, s.latency
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.flying, feed)
		s.mu.Unlock()
	}()
	if latency > 0 && !pause(ctx, latency) {
		return nil, interrupted(ctx)
	}
	if resp := say(&p); resp != nil {
		s.open.Add(1)
		resp.Body = &tracked{Reader: resp.Body, open: &s.open}
		return resp, nil
	}
	return nil, fmt.Errorf("%w: reset by peer", origin.ErrTruncated)
}

// pause reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// interrupted is the error of an exchange whose context ended.
func interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", origin.ErrTimeout, ctx.Err())
	}
	return fmt.Errorf("%w: %w", origin.ErrTruncated, ctx.Err())
}

// tracked is a body that has to be closed.
type tracked struct {
	io.Reader
	open *atomic.Int64
	once sync.Once
}

func (b *tracked) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return nil
}

// answers makes the origin say something else from now on.
func (s *script) answers(say func(p *poll) *origin.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

// says makes it say the same each time. A body is read from its beginning.
func (s *script) says(status int, body string, fields ...string) {
	s.answers(func(*poll) *origin.Response { return response(status, body, fields...) })
}

// fails makes it cut the connection.
func (s *script) fails() { s.answers(func(*poll) *origin.Response { return nil }) }

// count is how many polls came.
func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.polls)
}

// last is the latest poll.
func (s *script) last() poll {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls[len(s.polls)-1]
}

// begins are when the polls began, since a time.
func (s *script) begins(since time.Time) (all []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.polls {
		all = append(all, p.began.Sub(since))
	}
	return all
}

// response is an answer of known length. Detach panics on it: see wire for one
// that can be kept.
func response(status int, body string, fields ...string) *origin.Response {
	r := &origin.Response{Status: status, Length: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(fields); i += 2 {
		r.Header = append(r.Header, origin.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r
}
