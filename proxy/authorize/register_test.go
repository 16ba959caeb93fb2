package authorize

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// terms are those of the tests: good for a minute, and half a minute more.
var terms = Terms{TTL: time.Minute, Grace: 30 * time.Second}

// failed is an origin that nobody can reach.
var failed = Answer{Err: errors.New("nobody there")}

func claimOf(who, what byte) Claim { return Claim{Who: ID{who}, What: ID{what}} }

// says answers inquiries, and counts them.
type says struct {
	asked  atomic.Int64
	status atomic.Int64 // 0: nobody answers
	takes  time.Duration
}

func newSays(status int) *says {
	s := &says{}
	s.status.Store(int64(status))
	return s
}

func (s *says) ask(ctx context.Context) Answer {
	s.asked.Add(1)
	if err := s.take(ctx); err != nil {
		return Answer{Err: err}
	}
	if s.status.Load() == 0 {
		return Answer{Err: errors.New("nobody there")}
	}
	return Answer{Status: int(s.status.Load())}
}

// take waits for no timer that has passed already: several goroutines that do so at
// once in a bubble break the race detector (go.dev/issue/78156).
func (s *says) take(ctx context.Context) error {
	if s.takes == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// registered runs a test with a register in a bubble of its own time.
func registered(t *testing.T, limit int, test func(t *testing.T, r *Register)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := New(limit, func(err error) { t.Log(err) }, func() {})
		defer r.Close()
		test(t, r)
	})
}

func TestAConsentIsGoodForItsTime(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		alice, bob, origin := claimOf(1, 1), claimOf(2, 1), newSays(200)
		if a := r.Inquire(alice, terms, origin.ask); !a.LetsIn() {
			t.Fatal(a)
		}
		for _, step := range []struct {
			after            time.Duration
			holds, tolerates bool
		}{{0, true, true}, {59 * time.Second, true, true}, {time.Second, false, true}, {29 * time.Second, false, true}, {time.Second, false, false}} {
			time.Sleep(step.after)
			if now := time.Now(); r.Holds(alice, now) != step.holds || r.Excuses(alice, terms, &failed, now) != step.tolerates {
				t.Errorf("after %v more: %v, %v", step.after, r.Holds(alice, now), r.Excuses(alice, terms, &failed, now))
			}
		}
		if r.Holds(bob, time.Now()) {
			t.Error("bob has what alice was given")
		}
	})
}

func TestWhatTheOriginSaysIsOneOfThree(t *testing.T) {
	for status, want := range map[int][2]bool{
		200: {true, false}, 204: {true, false}, 304: {true, false},
		301: {}, 302: {}, 400: {}, 401: {}, 403: {}, 404: {}, 407: {}, 410: {},
		511: {}, 408: {false, true}, 425: {false, true}, 429: {false, true}, 500: {false, true}, 503: {false, true},
	} {
		if a := (Answer{Status: status}); a.LetsIn() != want[0] || a.Unknown() != want[1] {
			t.Errorf("%d: lets in %v, unknown %v", status, a.LetsIn(), a.Unknown())
		}
	}
	if a := (Answer{Status: 200, Err: errors.New("x")}); a.LetsIn() || !a.Unknown() {
		t.Error("an error lets in")
	}
}

func TestARefusalIsNotRemembered(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		origin := newSays(401)
		for range 3 {
			r.Inquire(claimOf(1, 1), terms, origin.ask)
		}
		origin.status.Store(200)
		if a := r.Inquire(claimOf(1, 1), terms, origin.ask); !a.LetsIn() || origin.asked.Load() != 4 {
			t.Errorf("%v after %d", a, origin.asked.Load())
		}
	})
}

func TestARefusalTakesAConsentBackAndAFailureDoesNot(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		r.Inquire(c, terms, origin.ask)
		origin.status.Store(503)
		r.Inquire(c, terms, origin.ask)
		if !r.Holds(c, time.Now()) {
			t.Error("a failure took it back")
		}
		origin.status.Store(403)
		r.Inquire(c, terms, origin.ask)
		if r.Holds(c, time.Now()) || r.Excuses(c, terms, &failed, time.Now()) {
			t.Error("a refusal did not")
		}
	})
}

func TestAHundredWithOneClaimAskOnce(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		origin := newSays(200)
		origin.takes = time.Second
		var clients sync.WaitGroup
		for range 100 {
			clients.Go(func() {
				if a := r.Inquire(claimOf(1, 1), terms, origin.ask); !a.LetsIn() {
					t.Error(a)
				}
			})
		}
		clients.Wait()
		if origin.asked.Load() != 1 {
			t.Errorf("asked %d times", origin.asked.Load())
		}
	})
}

// An answer to what was asked before a logout says nothing about after.
func TestALogoutWhileAnInquiryIsUnderWayWins(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		origin.takes = time.Second
		var first sync.WaitGroup
		first.Go(func() { r.Inquire(c, terms, origin.ask) })
		time.Sleep(time.Second / 2)
		r.Forget(c.Who)
		second := newSays(401)
		if a := r.Inquire(c, terms, second.ask); a.LetsIn() || second.asked.Load() != 1 {
			t.Errorf("%v: the old inquiry answers the new one", a)
		}
		first.Wait()
		if r.Holds(c, time.Now()) {
			t.Error("what was asked before the logout is good after it")
		}
		r.Grant(c, time.Now().Add(-time.Minute), terms)
		if r.Holds(c, time.Now()) {
			t.Error("so is a poll that was sent before")
		}
		time.Sleep(time.Second)
		if r.Grant(c, time.Now(), terms); !r.Holds(c, time.Now()) {
			t.Error("and nothing is good any more")
		}
	})
}

func TestAPanicInAnInquiryIsAnAnswer(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		if a := r.Inquire(claimOf(1, 1), terms, func(context.Context) Answer { panic("no") }); a.Err == nil {
			t.Error(a)
		}
	})
}

func TestTheRegisterIsBounded(t *testing.T) {
	registered(t, 50, func(t *testing.T, r *Register) {
		for i := range 1000 {
			now := time.Now()
			c := Claim{Who: ID{byte(i), byte(i >> 8)}, What: ID{byte(i % 3)}}
			r.Grant(c, now, terms)
			r.Guard(c.Who, now)
			r.Deny(c, now, now.Add(time.Minute))
			r.Forget(ID{1, byte(i), byte(i >> 8)})
			time.Sleep(time.Millisecond)
		}
		n := 0
		for _, mine := range r.consents {
			n += len(mine)
		}
		if n != r.count || n > 50 || len(r.guarded) > 50 || len(r.denied) > 50 || len(r.forgotten) > 50 {
			t.Errorf("%d consents, counted %d, %d guarded, %d denied, %d forgotten", n, r.count, len(r.guarded), len(r.denied), len(r.forgotten))
		}
	})
}

func TestWithoutALimitWhatHasEndedGoes(t *testing.T) {
	registered(t, 0, func(t *testing.T, r *Register) {
		for i := range 10_000 {
			r.Grant(Claim{Who: ID{byte(i), byte(i >> 8)}}, time.Now(), terms)
			time.Sleep(time.Second)
		}
		if r.count > 1000 {
			t.Errorf("%d consents are kept, of which 90 are any good", r.count)
		}
	})
}

func TestAnErrorForOneClientIsNoExcuse(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, failing := claimOf(1, 1), false
		own := terms
		own.Failing = func() bool { return failing }
		r.Grant(c, time.Now(), own)
		time.Sleep(own.TTL)
		for status, want := range map[int]bool{503: false, 429: false, 0: true} {
			a := Answer{Status: status}
			if status == 0 {
				a = failed
			}
			if failing = false; r.Excuses(c, own, &a, time.Now()) != want {
				t.Errorf("%d while others are answered: %v", status, !want)
			}
			if failing = true; !r.Excuses(c, own, &a, time.Now()) {
				t.Errorf("%d while nobody is: no excuse", status)
			}
		}
	})
}
