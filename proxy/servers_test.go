package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// fleet is a proxy in front of several servers of one upstream.
type fleet struct {
	*rig
	servers []*legacy.Faulty
}

// newFleet starts them. lines are the route's, those that are indented the upstream's,
// and those that are neither what routeYAML takes for such.
func newFleet(t *testing.T, n int, lines ...string) *fleet {
	t.Helper()
	f := &fleet{}
	var urls []string
	for range n {
		s := newOrigin(t)
		f.servers = append(f.servers, s)
		urls = append(urls, fmt.Sprintf("%q", s.URL()))
	}
	var top, upstream, route strings.Builder
	for _, line := range lines {
		switch {
		case isTop(line):
			fmt.Fprintf(&top, "%s\n", line)
		case strings.HasPrefix(line, " "):
			fmt.Fprintf(&upstream, "  %s\n", line)
		default:
			fmt.Fprintf(&route, "    %s\n", line)
		}
	}
	yaml := fmt.Sprintf("%supstreams:\n  api:\n    servers: [%s]\n    timeout: 3s\n%sroutes:\n  - path: /**\n    name: all\n    upstream: api\n%s", top.String(), strings.Join(urls, ", "), upstream.String(), route.String())
	f.rig = newRigFor(t, f.servers[0], yaml)
	return f
}

// requests are how many requests of a kind all servers got.
func (f *fleet) requests(of func(legacy.Request) bool) (n int) {
	for _, s := range f.servers {
		for _, request := range s.Requests() {
			if of(request) {
				n++
			}
		}
	}
	return n
}

func isGet(r legacy.Request) bool { return r.Method == http.MethodGet }

// asked is a server that got requests: which one a feed prefers depends on their addresses.
func (f *fleet) asked() int {
	return slices.IndexFunc(f.servers, func(s *legacy.Faulty) bool { return s.Total() > 0 })
}

// state is that of a server.
func (f *fleet) state(i int) string { return f.proxy.Ledger().Stats().Servers[i].State }

// load is clients that poll and write all the time.
type load struct {
	f     *fleet
	stop  chan struct{}
	all   sync.WaitGroup
	polls atomic.Int64 // that were answered

	mu     sync.Mutex
	failed []string       // polls
	writes map[string]int // their statuses, by ID
}

func (f *fleet) load(pollers, writers int) *load {
	l := &load{f: f, stop: make(chan struct{}), writes: map[string]int{}}
	for i := range pollers {
		l.all.Go(func() { l.each(func(int) { l.poll(fmt.Sprintf("/feed/%d", i)) }) })
	}
	for i := range writers {
		l.all.Go(func() { l.each(func(n int) { l.write(fmt.Sprintf("%d-%d", i, n)) }) })
	}
	return l
}

func (l *load) each(do func(n int)) {
	for n := 0; ; n++ {
		select {
		case <-l.stop:
			return
		default:
			do(n)
		}
	}
}

func (l *load) poll(path string) {
	a, err := l.f.try("GET", path, "")
	if err == nil && a.StatusCode == 200 && !strings.Contains(a.Header.Get("Cache-Status"), "stale-if-error") {
		l.polls.Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, fmt.Sprint(a.Response, err))
}

func (l *load) write(id string) {
	a, err := l.f.try("POST", "/write/"+id, "order "+id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writes[id] = 0; err == nil {
		l.writes[id] = a.StatusCode
	}
}

// more waits for so many more polls.
func (l *load) more(n int64) {
	want := l.polls.Load() + n
	l.f.eventually("more polls", func() bool { return l.polls.Load() >= want })
}

// end stops the clients, and wants what was promised them.
func (l *load) end() {
	t := l.f.t
	t.Helper()
	close(l.stop)
	l.all.Wait()
	if len(l.failed) > 0 {
		t.Errorf("%d polls failed, the first with %s", len(l.failed), l.failed[0])
	}
	if n := l.f.stats().UpstreamErrors; n > int64(len(l.writes)) {
		t.Errorf("%d errors", n)
	}
	arrived := map[string]int{}
	for _, s := range l.f.servers {
		for _, request := range s.Requests() {
			if id, ok := strings.CutPrefix(request.Path, "/write/"); ok {
				arrived[id]++
			}
		}
	}
	good, bad := 0, 0
	for id, status := range l.writes {
		switch {
		case arrived[id] > 1:
			t.Errorf("write %s came %d times", id, arrived[id])
		case status == 200 && arrived[id] == 0:
			t.Errorf("write %s was lost", id)
		case status == 200:
			good++
		case status != 502:
			t.Errorf("write %s was answered %d", id, status)
		default:
			bad++
		}
	}
	t.Logf("%d polls of clients, %d writes, %d of them failed", l.polls.Load(), good, bad)
	if good == 0 || bad > good/10 {
		t.Errorf("%d of %d writes failed", bad, good+bad)
	}
}

// TestOneOfThreeServersIsKilledAndRevivedUnderLoad: each of them in turn.
func TestOneOfThreeServersIsKilledAndRevivedUnderLoad(t *testing.T) {
	f := newFleet(t, 3, "interval: 20ms")
	l := f.load(12, 4)
	l.more(300)
	for i, s := range f.servers {
		addr := s.Addr()
		s.Close()
		f.eventually("it is left out", func() bool { return f.state(i) == "ejected" })
		l.more(300)
		if err := s.Listen(addr); err != nil {
			t.Fatal(err)
		}
		f.eventually("it is back", func() bool { return f.state(i) == "returning" || f.state(i) == "healthy" })
		before := s.Total()
		f.eventually("it gets requests again", func() bool { return s.Total() > before })
	}
	l.end()
	for i, s := range f.proxy.Ledger().Stats().Servers {
		if s.Ejections != 1 || s.Upstream != "api" || s.Server != f.servers[i].URL() {
			t.Errorf("got %+v", s)
		}
	}
}

// TestServersThatMisbehaveCostNoPoll: one of three, until it is left out.
func TestServersThatMisbehaveCostNoPoll(t *testing.T) {
	sideBySide(t, map[string]legacy.Fault{
		"resets after it has read":    legacy.ResetBeforeHead(),
		"closes without a word":       legacy.CloseBeforeHead(),
		"garbage":                     legacy.Garbage(),
		"busy, and says for how long": legacy.RetryAfter(503, 2*time.Second),
	}, func(t *testing.T, name string, fault legacy.Fault) {
		f := newFleet(t, 3, "interval: 20ms")
		l := f.load(9, 0)
		l.more(100)
		bad := f.asked()
		f.servers[bad].Break(fault)
		f.eventually("it gets nothing", func() bool { return f.state(bad) == "ejected" || f.state(bad) == "resting" })
		l.more(100)
		close(l.stop)
		l.all.Wait()
		if len(l.failed) > 0 {
			t.Errorf("%d polls failed, the first with %s", len(l.failed), l.failed[0])
		}
		if s := f.stats(); s.UpstreamErrors > 0 {
			t.Errorf("%d errors", s.UpstreamErrors)
		}
	})
}

// TestWhatASecondServerGetsIsCounted: each of two servers breaks every poll once.
func TestWhatASecondServerGetsIsCounted(t *testing.T) {
	f := newFleet(t, 2, "interval: 1h")
	f.servers[0].Break(legacy.Times(1, legacy.ResetBeforeHead()))
	f.servers[1].Break(legacy.Times(1, legacy.ResetBeforeHead()))
	for i := range 6 {
		f.try("GET", fmt.Sprintf("/x/%d", i), "")
	}
	if s := f.stats(); int(s.UpstreamRequests.Poll) != f.requests(isGet) {
		t.Errorf("%d are counted, %d came", s.UpstreamRequests.Poll, f.requests(isGet))
	}
}

// TestABudgetHoldsForWhatIsSentTwice: each poll breaks, and there is no room for more.
func TestABudgetHoldsForWhatIsSentTwice(t *testing.T) {
	f := newFleet(t, 2, "interval: 1s", "  budget: 1/h")
	for _, s := range f.servers {
		s.Break(legacy.ResetBeforeHead())
	}
	if a := f.get("/x"); a.StatusCode != 502 {
		t.Errorf("got %d", a.StatusCode)
	}
	if n := f.requests(isGet); n != 1 {
		t.Errorf("%d polls", n)
	}
}

// TestAFeedDoesNotSwitchBetweenServersThatNameItsVersionsDifferently: each server has
// tags of its own for the same content.
func TestAFeedDoesNotSwitchBetweenServersThatNameItsVersionsDifferently(t *testing.T) {
	f := newFleet(t, 3, "interval: 10ms")
	for i, s := range f.servers {
		s.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}, "Etag": {fmt.Sprintf(`"%d-1"`, i)}}, Body: []byte("the same")})
	}
	stream := f.stream("/x", "text/event-stream")
	stream.event()
	f.eventually("30 polls", func() bool { return f.requests(isGet) > 30 })
	servers := 0
	for _, s := range f.servers {
		servers += min(s.Total(), 1)
	}
	if s := f.stats(); servers != 1 || s.Updates != 1 {
		t.Errorf("%d servers were asked, %d updates, %d of %d not modified", servers, s.Updates, s.UpstreamNotModified, s.UpstreamRequests.Poll)
	}
}

func TestAHungServerGetsNothingOnceItsChecksTell(t *testing.T) {
	f := newFleet(t, 2, "interval: 20ms", "  health: {path: /healthz, interval: 100ms, timeout: 50ms, unhealthy: 1}")
	f.eventually("both are checked", func() bool {
		s := f.proxy.Ledger().Stats().Servers
		return s[0].Checks > 0 && s[1].Checks > 0
	})
	f.servers[0].Break(legacy.HangBeforeHead(nil))
	f.eventually("its checks tell", func() bool { return f.state(0) == "unhealthy" })
	for i := range 20 {
		f.get(fmt.Sprintf("/x/%d", i)).want(t, 200, `{"v":1}`)
		if a := f.do("POST", "/x", "w"); a.StatusCode != 200 {
			t.Errorf("a write: %d", a.StatusCode)
		}
	}
}

// TestAllServersGoAndComeBack: what there is serves polls meanwhile.
func TestAllServersGoAndComeBack(t *testing.T) {
	f := newFleet(t, 3, "interval: 20ms", "stale_if_error: 1m")
	f.get("/x").want(t, 200, `{"v":1}`)
	for _, s := range f.servers {
		s.Close()
	}
	f.eventually("polls fail", func() bool { return f.get("/x").StatusCode == 200 && f.stats().UpstreamErrors > 0 })
	s := f.servers[1]
	s.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":2}`)})
	if err := s.Listen(s.Addr()); err != nil {
		t.Fatal(err)
	}
	f.eventually("it is found", func() bool { return f.get("/x").body == `{"v":2}` })
}

func TestTheProxyIsReadyOnceAnyServerWasReached(t *testing.T) {
	f := newFleet(t, 3, "interval: 1h")
	for _, s := range f.servers {
		s.Close()
	}
	if err := f.proxy.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "upstream api: ") {
		t.Errorf("got %v", err)
	}
	s := f.servers[2]
	if err := s.Listen(s.Addr()); err != nil {
		t.Fatal(err)
	}
	if err := f.proxy.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	s.Close()
	if err := f.proxy.Ready(t.Context()); err != nil {
		t.Errorf("once reached: %v", err)
	}
}
