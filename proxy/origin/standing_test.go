package origin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// relisten has a server that was closed back at its address.
func (r *groupRig) relisten(i int) *legacy.Faulty {
	r.t.Helper()
	f := legacy.NewFaulty(plain(string(rune('a'+i))), nil)
	await.Until(r.t, "its address is free", func() bool { return f.Listen(r.group.servers[i].host) == nil })
	r.t.Cleanup(f.Close)
	r.t.Cleanup(r.group.Close) // before that
	return f
}

// TestADeadServerIsLeftOutAndComesBack: nobody notices, and it is told once.
func TestADeadServerIsLeftOutAndComesBack(t *testing.T) {
	r := newGroupRig(t, 3, nil)
	feed := r.feedOf(0)
	r.wants(r.group.Polls, poll(feed), "a")
	r.servers[0].Close()
	r.wants(r.group.Polls, poll(feed), "b", "c")
	r.awaitState(0, Ejected)
	for range 20 {
		r.wants(r.group.Polls, poll(feed), "b", "c")
	}
	if s := r.group.Standings()[0]; s.Requests > 3 || s.Ejections != 1 {
		t.Errorf("got %+v", s)
	}
	r.relisten(0)
	r.awaitState(0, Returning)
	r.wants(r.group.Polls, poll(feed), "a") // its trial
	r.group.mu.Lock()
	r.group.servers[0].proven = time.Now().Add(-returnTime)
	r.group.mu.Unlock()
	r.group.servers[0].poke()
	r.awaitState(0, Healthy)
	if log := r.log.String(); strings.Count(log, "is left out") != 1 || strings.Count(log, "is back") != 1 || !strings.Contains(log, "upstream=api server="+r.group.servers[0].name) {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestTheLastServerIsNeverLeftOut: somebody has to be asked, and who is back is found
// by that, however long it was to be left out.
func TestTheLastServerIsNeverLeftOut(t *testing.T) {
	r := newGroupRig(t, 3, nil)
	for _, s := range r.servers {
		s.Close()
	}
	for range 20 {
		if _, err := r.ask(r.group.Polls, poll(1)); !errors.Is(err, ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
	}
	in := 0
	for _, s := range r.group.Standings() {
		if s.State == Healthy {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d servers are not left out: %+v", in, r.group.Standings())
	}
	for i := range r.group.servers {
		r.group.mu.Lock()
		r.group.servers[i].until = time.Now().Add(time.Hour)
		r.group.mu.Unlock()
	}
	r.relisten(2)
	r.wants(r.group.Polls, poll(1), "c")
	r.wants(r.group.Passes, post("/", strings.NewReader("order"), 5), "c")
}

// TestATrialThatFailsEndsTheReturn, and costs nobody an answer.
func TestATrialThatFailsEndsTheReturn(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	r.servers[0].Break(legacy.ResetBeforeHead(), "/")
	feed := r.feedOf(0)
	r.set(0, Returning, time.Now())
	r.wants(r.group.Polls, poll(feed), "b")
	if s := r.group.Standings()[0]; s.State != Ejected || s.FailedOver != 1 {
		t.Errorf("got %+v", s)
	}
}

// TestAServerThatNobodyTriesIsBelievedInTheEnd, but not while somebody does.
func TestAServerThatNobodyTriesIsBelievedInTheEnd(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	r.set(0, Returning, time.Now().Add(-trialTime))
	r.group.servers[0].poke()
	await.Until(t, "it is believed", func() bool { return strings.Contains(r.log.String(), "is back") })
	letGo := make(chan struct{})
	r.servers[1].Break(legacy.HangBeforeHead(letGo), "/")
	feed := r.feedOf(1)
	r.set(1, Returning, time.Now())
	ended := make(chan error, 1)
	go func() {
		_, err := r.ask(r.group.Polls, poll(feed))
		ended <- err
	}()
	await.Until(t, "the trial is under way", func() bool { return r.servers[1].Total() == 1 })
	r.group.mu.Lock()
	r.group.servers[1].since = time.Now().Add(-2 * trialTime)
	at := r.group.servers[1].turnsLocked()
	r.group.mu.Unlock()
	if !at.IsZero() {
		t.Error("time alone ends a trial")
	}
	close(letGo)
	if err := receive(t, "the trial", ended); err != nil {
		t.Error(err)
	}
}

func TestEachTimeInARowIsLonger(t *testing.T) {
	g := silentGroup("http://127.0.0.1:1", "http://127.0.0.1:2")
	g.Close() // its watches would let it in
	s, now := g.servers[0], time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	last := time.Duration(0)
	for i := range 12 {
		s.ejectLocked(false, now)
		d := s.until.Sub(now)
		if want := min(ejectionTime<<min(i, 10), maxEjection); d < want*7/8 || d > want*9/8 {
			t.Errorf("time %d: %v, want about %v", i+1, d, want)
		}
		last = d
		s.enterLocked(Returning, now.Add(d))
		s.enterLocked(Healthy, now.Add(d))
		now = now.Add(d + time.Second)
	}
	now = now.Add(wellTime)
	if s.ejectLocked(false, now); s.until.Sub(now) > 2*ejectionTime || last < maxEjection/2 {
		t.Errorf("after a minute without: %v", s.until.Sub(now))
	}
}

// TestWhatCountsAgainstAServer says how many of a kind in a row have it left out, 0
// being any number.
func TestWhatCountsAgainstAServer(t *testing.T) {
	gone := fmt.Errorf("%w: %w", ErrUnreachable, syscall.ECONNREFUSED)
	for name, c := range map[string]struct {
		status int
		err    error
		polls  int
		passes int
	}{
		"200":                         {200, nil, 0, 0},
		"404":                         {404, nil, 0, 0},
		"429":                         {429, nil, 0, 0},
		"500":                         {500, nil, 0, 0},
		"501":                         {501, nil, 0, 0},
		"502":                         {502, nil, 6, 0},
		"503":                         {503, nil, 6, 0},
		"504":                         {504, nil, 6, 0},
		"refused":                     {0, unsent{gone}, 1, 1},
		"no descriptors left":         {0, unsent{fmt.Errorf("%w: %w", ErrUnreachable, syscall.EMFILE)}, 0, 0},
		"no ports left":               {0, unsent{fmt.Errorf("%w: %w", ErrUnreachable, syscall.EADDRNOTAVAIL)}, 0, 0},
		"closed while it was idle":    {0, unanswered{error: ErrTruncated, stale: true}, 0, 0},
		"closed without a word":       {0, unanswered{error: ErrTruncated}, 3, 3},
		"garbage":                     {0, unanswered{error: ErrMalformed}, 3, 3},
		"no answer in time":           {0, ErrTimeout, 3, 3},
		"the client's body ended":     {0, unsent{ErrRequestBody}, 0, 0},
		"a panic":                     {0, errInterrupted, 0, 0},
		"cut after an interim answer": {0, ErrTruncated, 3, 3},
	} {
		for i, want := range []int{c.polls, c.passes} {
			g := silentGroup("http://127.0.0.1:1", "http://127.0.0.1:2")
			line, s := []*Line{g.Polls, g.Passes}[i], g.servers[0]
			judge := func(status int, err error) {
				var resp *Response
				if err == nil {
					resp = &Response{Status: status}
				}
				s.settle(line.blame(t.Context(), resp, err), time.Now(), time.Now())
			}
			g.cancel()
			g.running.Wait()
			got := 0
			for n := 1; n <= 100 && got == 0; n++ {
				judge(c.status, c.err)
				if s.standing().State == Ejected {
					got = n
				}
			}
			if got != want {
				t.Errorf("%s, %v: left out after %d, want %d", name, []string{"polls", "passes"}[i], got, want)
			}
			if want > 1 { // a good answer in between is a new beginning
				g.mu.Lock()
				s.enterLocked(Healthy, time.Now())
				g.mu.Unlock()
				for range 10 {
					judge(c.status, c.err)
					judge(http.StatusOK, nil)
				}
				if s.standing().State != Healthy {
					t.Errorf("%s: left out although every other request succeeds", name)
				}
			}
			g.Close()
		}
	}
}

// TestWhatBeganBeforeSaysNothing: all that was under way when a server died fails at
// once, and counts as one.
func TestWhatBeganBeforeSaysNothing(t *testing.T) {
	g := silentGroup("http://127.0.0.1:1", "http://127.0.0.1:2")
	g.Close()
	s, began := g.servers[0], time.Now()
	for range 100 {
		s.settle(fault{weight: weightBroken, broken: true, why: "x"}, began, time.Now())
	}
	if got := s.standing(); got.Ejections != 1 || got.Failures != 100 {
		t.Errorf("got %+v", got)
	}
	g.mu.Lock()
	s.enterLocked(Returning, time.Now())
	g.mu.Unlock()
	s.settle(fault{weight: maxStrain, why: "x"}, began, time.Now())
	s.settle(fault{}, began, time.Now())
	if got := s.standing().State; got != Returning || !s.proven.IsZero() {
		t.Errorf("it is %s", got)
	}
}

// TestAServerThatWantsToBeLeftAloneIs, while there are others; the last one's wish is
// the whole upstream's.
func TestAServerThatWantsToBeLeftAloneIs(t *testing.T) {
	r := newGroupRig(t, 2, func(o *GroupOptions) {
		o.Rest = func(*Response, time.Time) time.Duration { return 300 * time.Millisecond }
	})
	feed := r.feedOf(0)
	r.servers[0].Break(legacy.Times(1, legacy.RetryAfter(503, time.Second)), "/")
	r.wants(r.group.Polls, poll(feed), "b")
	if r.state(0) != Resting {
		t.Fatalf("it is %s", r.state(0))
	}
	for range 10 {
		r.wants(r.group.Passes, passed(), "b")
	}
	r.servers[1].Break(legacy.Times(1, legacy.RetryAfter(503, time.Second)), "/")
	resp, _, err := doBy(soon(t), r.group.Polls, poll(feed))
	if err != nil || resp.Status != 503 || resp.Spared {
		t.Errorf("got %v, %v", resp, err)
	}
	r.awaitState(0, Healthy)
	r.awaitState(1, Healthy)
	r.wants(r.group.Polls, poll(feed), "a")
	if n := r.servers[0].Total(); n != 2 {
		t.Errorf("it got %d requests", n)
	}
}

func TestAClosedGroupLetsRequestsFinish(t *testing.T) {
	r := newGroupRig(t, 2, nil)
	letGo := make(chan struct{})
	for _, s := range r.servers {
		s.Break(legacy.HangMidBody(0, letGo), "/")
	}
	resp, err := r.group.Passes.Do(soon(t), passed())
	if err != nil {
		t.Fatal(err)
	}
	r.group.Close()
	close(letGo)
	if _, body, err := readAll(resp, nil); err != nil || body == "" {
		t.Errorf("got %q, %v", body, err)
	}
	r.wants(r.group.Polls, poll(1), "a", "b") // who still has it may still ask
}

// TestWhoWantsToBeLeftAloneIsAskedBeforeWhoFails: it can be asked others no more.
func TestWhoWantsToBeLeftAloneIsAskedBeforeWhoFails(t *testing.T) {
	r := newGroupRig(t, 3, nil)
	r.group.servers[0].rest(time.Now().Add(time.Hour))
	r.servers[1].Break(legacy.ResetBeforeHead(), "/")
	r.servers[2].Break(legacy.ResetBeforeHead(), "/")
	write := func() *Request { return post("/", strings.NewReader("order"), 5) }
	for range 2 * maxStrain / weightBroken {
		if body, err := r.ask(r.group.Passes, write()); body == "a" {
			t.Fatalf("it is asked while there are others: %v", err)
		}
	}
	for range 10 {
		r.wants(r.group.Passes, write(), "a")
		r.wants(r.group.Polls, poll(r.feedOf(0)), "a")
	}
	if a, b, c := r.state(0), r.state(1), r.state(2); a != Resting || b == Healthy || c == Healthy {
		t.Errorf("they are %s, %s and %s", a, b, c)
	}
}
