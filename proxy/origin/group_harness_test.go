package origin

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// groupRig is a group of servers on the loopback, each of which answers with its name:
// a, b, c.
type groupRig struct {
	t       *testing.T
	group   *Group
	servers []*legacy.Faulty
	log     *await.Log
}

func newGroupRig(t *testing.T, n int, shape func(*GroupOptions)) *groupRig {
	t.Helper()
	await.Goroutines(t)
	r := &groupRig{t: t, log: &await.Log{}}
	o := GroupOptions{Upstream: "api", Log: slog.New(slog.NewTextHandler(r.log, nil))}
	for i := range n {
		f := legacy.NewFaulty(plain(string(rune('a'+i))), nil)
		if err := f.Listen("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Close)
		r.servers = append(r.servers, f)
		o.Servers = append(o.Servers, parseURL(t, f.URL()))
	}
	if shape != nil {
		shape(&o)
	}
	r.group = NewGroup(o)
	t.Cleanup(r.group.Close)
	return r
}

// poll is a poll of a feed.
func poll(feed uint64) *Request {
	req := get("/")
	req.Safe, req.Affinity = true, feed
	return req
}

// passed is a passed GET.
func passed() *Request {
	req := safe("/")
	req.Safe = true
	return req
}

// ask sends a request, and returns the answer's body.
func (r *groupRig) ask(l *Line, req *Request) (string, error) {
	_, body, err := doBy(soon(r.t), l, req)
	return body, err
}

// wants sends a request and wants an answer of one of these servers.
func (r *groupRig) wants(l *Line, req *Request, names ...string) string {
	r.t.Helper()
	body, err := r.ask(l, req)
	if err != nil {
		r.t.Fatalf("%s: %v", firstLine(req.Head), err)
	}
	for _, name := range names {
		if body == name {
			return body
		}
	}
	r.t.Fatalf("%s: answered by %q, want one of %v", firstLine(req.Head), body, names)
	return ""
}

// feedOf returns a feed that prefers a server.
func (r *groupRig) feedOf(i int) uint64 {
	r.t.Helper()
	for feed := uint64(1); ; feed++ {
		if s, _ := r.group.choose(poll(feed), nil, time.Now()); s == r.group.servers[i] {
			return feed
		}
	}
}

// state is that of a server.
func (r *groupRig) state(i int) State { return r.group.Standings()[i].State }

func (r *groupRig) awaitState(i int, want State) {
	r.t.Helper()
	await.Until(r.t, "server "+string(rune('a'+i))+" is "+string(want), func() bool { return r.state(i) == want })
}

// set puts a server into a state since then, without anything having happened.
func (r *groupRig) set(i int, state State, since time.Time) {
	r.group.mu.Lock()
	defer r.group.mu.Unlock()
	s := r.group.servers[i]
	s.enterLocked(state, since)
	s.until = since.Add(time.Hour)
	s.noteSettledLocked(since)
}

// silentGroup is a group that says nothing.
func silentGroup(urls ...string) *Group {
	o := GroupOptions{Upstream: "api", Log: slog.New(slog.DiscardHandler)}
	for _, u := range urls {
		parsed, err := url.Parse(u)
		if err != nil {
			panic(err)
		}
		o.Servers = append(o.Servers, parsed)
	}
	return NewGroup(o)
}

// doBy is do by a line.
func doBy(ctx context.Context, l *Line, req *Request) (*Response, string, error) {
	resp, err := l.Do(ctx, req)
	return readAll(resp, err)
}
