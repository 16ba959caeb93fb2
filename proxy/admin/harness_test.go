package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
)

// stub is a proxy that is what a test says.
type stub struct {
	ledger *ledger.Ledger
	feeds  *feed.Feeds

	mu        sync.Mutex
	unready   error
	broken    bool
	refreshed []string
}

func newStub(t *testing.T) *stub {
	s := &stub{ledger: ledger.New(), feeds: feed.New(feed.Limits{})}
	s.ledger.Route("scores", time.Second)
	t.Cleanup(s.feeds.Close)
	return s
}

// benchStub is one of so many routes, all of them in use.
func benchStub(b *testing.B, routes int) *stub {
	s := &stub{ledger: ledger.New(), feeds: feed.New(feed.Limits{})}
	for i := range routes {
		r := s.ledger.Route(fmt.Sprintf("route %d", i), time.Second)
		r.Requested(upgrade.Poll)
		r.Served(time.Second)
	}
	b.Cleanup(s.feeds.Close)
	return s
}

func (s *stub) Ledger() *ledger.Ledger { return s.ledger }
func (s *stub) Feeds() *feed.Feeds     { return s.feeds }

func (s *stub) Ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("readiness may take for ever")
	}
	if s.broken {
		panic("broken")
	}
	return s.unready
}

func (s *stub) Refresh(paths, routes []string) (int, []int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Concat(paths, routes)
	if slices.Contains(all, "/**/**") {
		return 0, nil, errors.New("no such pattern")
	}
	s.refreshed = append(s.refreshed, all...)
	each := make([]int, len(all))
	for i := range each {
		each[i] = i + 1
	}
	return 3, each, nil
}

func (s *stub) Explain(_ context.Context, q explain.Question) (*explain.Explanation, error) {
	if _, err := q.Raw(); err != nil {
		return nil, err
	}
	return &explain.Explanation{Request: explain.Request{Method: q.Method, Target: q.URL}, Outcome: explain.Outcome{Is: explain.Passed, Why: strings.Join(q.Header, "|") + q.From.String()}}, nil
}

// saw is what was refreshed.
func (s *stub) saw() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refreshed)
}

// panics makes it panic where it is asked whether it is ready.
func (s *stub) panics(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

// fails makes it unready; nil, ready.
func (s *stub) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unready = err
}

// rig is an admin on a real listener.
type rig struct {
	t    *testing.T
	addr string
	log  *await.Log
}

func newRig(t *testing.T, p Proxy, token string) *rig {
	t.Helper()
	r := &rig{t: t, log: &await.Log{}}
	a := New(p, Options{Token: token, Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	served := make(chan struct{})
	go func() {
		defer close(served)
		a.Serve(l)
	}()
	t.Cleanup(func() {
		a.Close()
		<-served
	})
	return r
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

// do sends a request. Fields are names and values; Host is one of them.
func (r *rig) do(method, path string, fields ...string) reply {
	r.t.Helper()
	return r.send(method, path, "", fields...)
}

// send is do with a body.
func (r *rig) send(method, path, body string, fields ...string) reply {
	r.t.Helper()
	request, err := http.NewRequest(method, "http://"+r.addr+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		if request.Header.Set(fields[i], fields[i+1]); fields[i] == "Host" {
			request.Host = fields[i+1]
		}
	}
	client := http.Client{
		Timeout: await.Patience, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{resp, string(all)}
}

// want fails unless an answer has that status and begins with that text.
func (a reply) want(t *testing.T, status int, beginning string) reply {
	t.Helper()
	if a.StatusCode != status || !strings.HasPrefix(a.body, beginning) {
		t.Errorf("%s %s: got %d %.200q, want %d %q", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, status, beginning)
	}
	return a
}
