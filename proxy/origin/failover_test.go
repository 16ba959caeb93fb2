package origin

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// payer counts what it pays for.
type payer struct {
	refuses bool
	paid    int
}

func (p *payer) AskAgain() bool {
	p.paid++
	return !p.refuses
}

// TestWhatGoesOnToAnotherServer counts what two servers get of a request that the
// first one fails.
func TestWhatGoesOnToAnotherServer(t *testing.T) {
	large := strings.Repeat("x", 3*uploadChunk)
	requests := map[string]func() *Request{
		"a poll": func() *Request { return poll(1) },
		"a poll by POST": func() *Request {
			req := post("/", strings.NewReader("which"), 5)
			req.Safe, req.Affinity = true, 1
			return req
		},
		"a large poll by POST": func() *Request {
			req := post("/", strings.NewReader(large), int64(len(large)))
			req.Safe, req.Affinity = true, 1
			return req
		},
		"a passed GET":      passed,
		"a POST":            func() *Request { return post("/", strings.NewReader("order"), 5) },
		"a POST of nothing": func() *Request { return post("/", strings.NewReader(""), 0) },
		"a large POST":      func() *Request { return post("/", strings.NewReader(large), int64(len(large))) },
		"a POST in chunks":  func() *Request { return post("/", strings.NewReader(large), -1) },
		"a WebSocket's GET": func() *Request {
			return &Request{Method: "GET", Head: headOf("GET", "/", "Upgrade: websocket"), Timeout: await.Patience, Upgrade: true}
		},
		"a DELETE": func() *Request {
			return &Request{Method: "DELETE", Head: headOf("DELETE", "/"), Timeout: await.Patience}
		},
	}
	safe := func(name string) bool { return strings.Contains(name, "poll") || name == "a passed GET" }
	for fault, c := range map[string]struct {
		legacy.Fault
		goesOn func(name string) bool
	}{
		"no connection":   {nil, func(string) bool { return true }},
		"a reset":         {legacy.ResetBeforeHead(), safe},
		"no word":         {legacy.CloseBeforeHead(), safe},
		"garbage":         {legacy.Garbage(), safe},
		"half a head":     {legacy.CloseMidHead(20), safe},
		"too large":       {legacy.OversizedHead(maxHead), safe},
		"an interim":      {legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\n\r\n")), safe},
		"half a body":     {legacy.CloseMidBody(0), func(string) bool { return false }},
		"503":             {legacy.Status(503), func(string) bool { return false }},
		"503 for a while": {legacy.RetryAfter(503, 5*time.Second), func(name string) bool { return strings.Contains(name, "poll") }},
		"500":             {legacy.Status(500), func(string) bool { return false }},
		"429 for a while": {legacy.RetryAfter(429, 5*time.Second), func(string) bool { return false }},
	} {
		for name, make := range requests {
			t.Run(name+", "+fault, func(t *testing.T) {
				r := newGroupRig(t, 2, func(o *GroupOptions) {
					o.Rest = func(resp *Response, _ time.Time) time.Duration {
						if resp.Header.Has("Retry-After") {
							return time.Minute
						}
						return 0
					}
				})
				req := make()
				bad, line := 0, r.group.Passes
				if strings.Contains(name, "poll") {
					line = r.group.Polls
				}
				if req.Affinity == 0 {
					r.group.servers[1].load.Add(10)
				} else if s, _ := r.group.choose(req, nil, time.Now()); s != r.group.servers[0] {
					bad = 1
				}
				if c.Fault == nil {
					r.servers[bad].Close()
				} else {
					r.servers[bad].Break(c.Fault, "/")
				}
				p := &payer{}
				req.Payer = p
				body, err := r.ask(line, req)
				goesOn := c.goesOn(name)
				first, second := r.servers[bad].Total(), r.servers[1-bad].Total()
				switch {
				case goesOn && (err != nil || second != 1) && !req.Upgrade:
					t.Errorf("got %q, %v; the servers got %d and %d requests", body, err, first, second)
				case goesOn && second != 1, !goesOn && second != 0, first > 1:
					t.Errorf("the servers got %d and %d requests", first, second)
				}
				if want := btoi(goesOn && c.Fault != nil); p.paid != want {
					t.Errorf("%d were paid for, want %d", p.paid, want)
				}
			})
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestNothingGoesOnOnceAnAnswerWasSeen: an interim answer was passed on.
func TestNothingGoesOnOnceAnAnswerWasSeen(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, s := range r.servers {
		s.Break(legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\n\r\n")), "/")
	}
	req, seen := passed(), 0
	req.Interim = func(int, Header) { seen++ }
	if _, err := r.ask(r.group.Passes, req); !errors.Is(err, ErrTruncated) || seen != 1 || r.servers[0].Total()+r.servers[1].Total() != 1 {
		t.Errorf("got %v and %d interim answers from %d and %d", err, seen, r.servers[0].Total(), r.servers[1].Total())
	}
}

func TestWhoeverPaysHasASay(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, s := range r.servers {
		s.Break(legacy.Times(1, legacy.ResetBeforeHead()), "/")
	}
	req := poll(1)
	req.Payer = &payer{refuses: true}
	if _, err := r.ask(r.group.Polls, req); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v", err)
	}
	if n := r.servers[0].Total() + r.servers[1].Total(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestNoRequestGoesToMoreThanTwo(t *testing.T) {
	r := newGroupRig(t, 3, nil)
	for _, s := range r.servers {
		s.Break(legacy.ResetBeforeHead(), "/")
	}
	for i := range 6 {
		_, _ = r.ask(r.group.Polls, poll(uint64(i+1)))
	}
	if n := r.servers[0].Total() + r.servers[1].Total() + r.servers[2].Total(); n != 12 {
		t.Errorf("%d requests of 6 polls", n)
	}
}

// TestWhatIsSentTwiceIsBounded, however many fail.
func TestWhatIsSentTwiceIsBounded(t *testing.T) {
	e, now := newExtra(), time.Now()
	n := 0
	for range 10 * extraBurst {
		n += btoi(e.take(now))
	}
	if n != extraBurst {
		t.Errorf("%d at once", n)
	}
	n = 0
	for i := range 1000 {
		n += btoi(e.take(now.Add(time.Duration(i+1) * 10 * time.Millisecond)))
	}
	if n < 10*extraRate-2 || n > 10*extraRate+2 {
		t.Errorf("%d in ten seconds", n)
	}
}

// TestWhatCouldNotBeSentIsTriedEverywhere: two of three servers are gone.
func TestWhatCouldNotBeSentIsTriedEverywhere(t *testing.T) {
	r := newGroupRig(t, 3, nil)
	r.servers[0].Close()
	r.servers[1].Close()
	for range 10 {
		r.wants(r.group.Passes, post("/", strings.NewReader("order"), 5), "c")
		r.wants(r.group.Polls, poll(1), "c")
	}
	r.servers[2].Close()
	for _, req := range []*Request{post("/", strings.NewReader("order"), 5), passed()} {
		if _, err := r.ask(r.group.Passes, req); !errors.Is(err, ErrUnreachable) || !Unsent(err) {
			t.Errorf("with all gone: %v", err)
		}
	}
}

// TestAMachineThatIsGoneIsNotWaitedFor: it answers no SYN.
func TestAMachineThatIsGoneIsNotWaitedFor(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, c := range []*Client{r.group.servers[0].polls, r.group.servers[0].passes} {
		c.pool.dialer.ControlContext = swallow
	}
	req := poll(r.feedOf(0))
	req.Timeout = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), req.Timeout)
	defer cancel()
	if _, body, err := doBy(ctx, r.group.Polls, req); err != nil || body != "b" {
		t.Errorf("got %q, %v", body, err)
	}
	r.awaitState(0, Ejected)
}

func TestWhoGaveUpGoesNowhereElseAndBlamesNobody(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for _, s := range r.servers {
		s.Break(legacy.HangBeforeHead(nil), "/")
	}
	for range maxStrain {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, _, err := doBy(ctx, r.group.Polls, poll(1))
			ended <- err
		}()
		await.Until(t, "it is under way", func() bool { return r.group.servers[0].load.Load()+r.group.servers[1].load.Load() == 1 })
		cancel()
		if err := receive(t, "the end", ended); err == nil {
			t.Error("no error")
		}
	}
	for i, s := range r.group.Standings() {
		if s.State != Healthy || s.Failures != 0 || s.InFlight != 0 {
			t.Errorf("server %d: %+v", i, s)
		}
	}
}

func TestTheClientsOwnBodyBlamesNobody(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for range 2 * maxStrain {
		if _, err := r.ask(r.group.Passes, post("/", strings.NewReader("cut"), 5)); !errors.Is(err, ErrRequestBody) {
			t.Fatalf("got %v", err)
		}
	}
	for i, s := range r.group.Standings() {
		if s.State != Healthy || s.Failures != 0 {
			t.Errorf("server %d: %+v", i, s)
		}
	}
}

// TestConditionsGoToTheServerThatTheyAreOf: a tag may mean something else elsewhere.
func TestConditionsGoToTheServerThatTheyAreOf(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	feed := r.feedOf(0)
	resp, _, err := doBy(soon(t), r.group.Polls, poll(feed))
	if err != nil || resp.From != r.group.servers[0] {
		t.Fatalf("got %v, %v", resp, err)
	}
	conditional := func() *Request {
		req := poll(feed)
		req.Head, req.Elsewhere, req.From = headOf("GET", "/", `If-None-Match: "1"`), req.Head, resp.From
		return req
	}
	r.wants(r.group.Polls, conditional(), "a")
	r.servers[0].Close()
	r.wants(r.group.Polls, conditional(), "b")
	if got := string(r.servers[0].Requests()[1].Head); !strings.Contains(got, "If-None-Match") {
		t.Errorf("its own server got %q", got)
	}
	if got := string(r.servers[1].Requests()[0].Head); strings.Contains(got, "If-None-Match") {
		t.Errorf("another one got %q", got)
	}
}

// TestAConnectionThatClosedWhileItWasIdleIsNoFault, although another server is asked:
// there is one more attempt only, and that has to succeed.
func TestAConnectionThatClosedWhileItWasIdleIsNoFault(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	feed := r.feedOf(0)
	for range 5 {
		r.wants(r.group.Polls, poll(feed), "a")
		r.servers[0].Break(legacy.Times(1, legacy.CloseBeforeHead()), "/")
		r.wants(r.group.Polls, poll(feed), "b")
	}
	if s := r.group.Standings()[0]; s.State != Healthy || s.Failures > 0 || s.FailedOver != 5 {
		t.Errorf("got %+v", s)
	}
}

// TestLoadIsWhatIsUnderWay, however it ends.
func TestLoadIsWhatIsUnderWay(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	for name, fault := range map[string]legacy.Fault{
		"good": legacy.Behave(), "none": legacy.CloseBeforeHead(), "half": legacy.CloseMidBody(0), "closing": legacy.CloseAfter(), "garbage": legacy.Garbage(),
		"switching": legacy.Raw([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")),
	} {
		for _, s := range r.servers {
			s.Break(fault, "/")
		}
		for range 3 {
			for _, req := range []*Request{poll(1), passed(), post("/", strings.NewReader("order"), 5), {Method: "GET", Head: headOf("GET", "/"), Timeout: await.Patience, Upgrade: true}} {
				_, _ = r.ask(r.group.Passes, req)
				for i, s := range r.group.servers {
					if n := s.load.Load() + s.load.held.Load(); n != 0 {
						t.Fatalf("%s: %d under way at server %d", name, n, i)
					}
				}
			}
		}
	}
	letGo := make(chan struct{})
	for _, s := range r.servers {
		s.Break(legacy.HangMidBody(0, letGo), "/")
	}
	resp, err := r.group.Passes.Do(soon(t), passed())
	if err != nil {
		t.Fatal(err)
	}
	if n := r.group.servers[0].load.Load() + r.group.servers[1].load.Load(); n != 1 {
		t.Errorf("%d under way while a body is read", n)
	}
	close(letGo)
	_ = resp.Body.Close()
	if n := r.group.servers[0].load.Load() + r.group.servers[1].load.Load(); n != 0 {
		t.Errorf("%d under way after that", n)
	}
}

// swallow is for a dialer whose packets nobody answers.
func swallow(ctx context.Context, _, _ string, _ syscall.RawConn) error {
	<-ctx.Done()
	return &net.OpError{Op: "dial", Err: ctx.Err()}
}

// TestWhoIsLeftAloneIsNotWaitedFor: its refusal says that there is more to come, and
// there is not. The time is that of who is asked next.
func TestWhoIsLeftAloneIsNotWaitedFor(t *testing.T) {
	r := newGroupRig(t, 2, func(o *GroupOptions) {
		o.Rest = func(*Response, time.Time) time.Duration { return time.Minute }
	})
	feed := r.feedOf(0)
	r.servers[0].Break(func(x *legacy.Exchange) {
		_ = x.Receive()
		_ = x.Write([]byte("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nplease"))
		x.Wait(nil)
	}, "/")
	r.wants(r.group.Polls, poll(feed), "b")
	if s := r.group.Standings()[1]; s.Failures > 0 {
		t.Errorf("who was asked next is blamed: %+v", s)
	}
}
