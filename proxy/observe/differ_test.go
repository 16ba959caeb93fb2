package observe

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// crowd lets so many users poll at random times for a while. Each answer is what
// the origin says to that user at some moment of its request.
func (r *rig) crowd(random *rand.Rand, users int, every, slowest, during time.Duration, says func(user int) said) {
	var wait sync.WaitGroup
	end := time.Now().Add(during)
	var mu sync.Mutex
	number := 0
	draw := func(n time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.Int64N(int64(n) + 1))
	}
	for i := range users {
		wait.Go(func() {
			for time.Sleep(draw(every)); time.Now().Before(end); time.Sleep(every/2 + draw(every)) {
				took := draw(slowest)
				mu.Lock()
				number++
				target, lines, client := user(i, number)
				mu.Unlock()
				r.ask(target, lines, client, took, draw(took), func() said { return says(i) })
			}
		})
	}
	wait.Wait()
}

func TestAResourceThatOnlyChangesNeverDiffers(t *testing.T) {
	for seed := range uint64(8) {
		for _, pace := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 700 * time.Millisecond, 5 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Limits{}, nil)
				began := time.Now()
				r.crowd(rand.New(rand.NewPCG(seed, 1)), 12, 400*time.Millisecond, time.Second, 20*time.Second, func(int) said {
					return said{body: fmt.Sprint(time.Since(began) / pace)}
				})
				o := r.Observed()
				if o.Differing != 0 || len(o.Separators) > 0 || o.Changed == 0 || o.Verdict == ledger.Differs {
					t.Errorf("seed %d, %v: %+v", seed, pace, o)
				}
				if pace >= 700*time.Millisecond && o.Verdict != ledger.Same {
					t.Errorf("seed %d, %v: not known to be the same: %+v", seed, pace, o)
				}
			})
		}
	}
}

func TestAThousandUsersAreToldApartByTheirCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		began := time.Now()
		r.crowd(rand.New(rand.NewPCG(1, 1)), 1000, time.Second, 100*time.Millisecond, 12*time.Second, func(user int) said {
			return said{body: fmt.Sprint(user, time.Since(began)/(30*time.Second))}
		})
		o := r.Observed()
		if o.Verdict != ledger.Differs || best(o).Name != "sid" || best(o).Explains != 1 || best(o).Pairs < 20 {
			t.Errorf("%+v", o)
		}
		if o.Differing < 100 || o.Same > o.Compared/100 {
			t.Errorf("%d of %d differ, %d are the same", o.Differing, o.Compared, o.Same)
		}
		t.Logf("%+v", o)
	})
}

func TestWhatIsSharedByRoleIsToldApartByTheRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.crowd(rand.New(rand.NewPCG(1, 1)), 60, time.Second, 100*time.Millisecond, 20*time.Second, func(user int) said {
			return said{body: fmt.Sprint("theme ", user%2)}
		})
		if o := r.Observed(); best(o).Name != "theme" || best(o).Explains != 1 || best(o).Kind != "cookie" || o.Verdict != ledger.Differs {
			t.Errorf("%+v", o)
		}
	})
}

func TestOneUserWhoseAnswerDiffersIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.crowd(rand.New(rand.NewPCG(1, 1)), 60, time.Second, 100*time.Millisecond, 20*time.Second, func(user int) said {
			if user == 17 {
				return said{body: "you have mail"}
			}
			return said{body: "nothing new"}
		})
		o := r.Observed()
		if o.Verdict != ledger.Differs || o.Alike < ledger.Enough || o.Differing == 0 {
			t.Errorf("%+v", o)
		}
		t.Logf("%+v", o)
	})
}

func TestWhatGoesBackAndForthIsNotBlamedOnAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		began := time.Now()
		r.crowd(rand.New(rand.NewPCG(1, 1)), 30, time.Second, 100*time.Millisecond, 60*time.Second, func(int) said {
			return said{body: fmt.Sprint(time.Since(began) / (1500 * time.Millisecond) % 2)}
		})
		o := r.Observed()
		if b := best(o); b.Explains > 0.9 && b.Pairs > 20 {
			t.Errorf("%+v", o)
		}
		t.Logf("%+v", o)
	})
}

func TestWhoeverIsGivenSomethingElseAndThenTheFirstAgainHasSeenTheResourceChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Interval = config.Every(time.Hour) })
		say := func(user, body string) {
			r.ask("/x", []string{"Cookie: sid=" + user}, Client{}, time.Millisecond, 0, func() said { return said{body: body} })
		}
		for range 3 { // they are known to come back
			say("a", "0")
			say("b", "0")
		}
		say("a", "x")
		say("a", "y")
		say("b", "y")
		say("a", "x")
		if o := r.Observed(); o.Differing != 0 {
			t.Errorf("%+v", o)
		}
		for range records {
			say("b", "y")
			say("a", "x")
		}
		if o := r.Observed(); o.Differing == 0 || best(o).Name != "sid" {
			t.Errorf("and yet %+v", o)
		}
	})
}

func TestWhatComesBackAfterAWhileHasBeenAway(t *testing.T) {
	for away, differs := range map[time.Duration]bool{19 * time.Second: true, 21 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, nil) // interval: 1s
			for range 2 {                 // they are known to come back
				r.get("a", "0")
				r.get("b", "0")
			}
			time.Sleep(time.Millisecond)
			r.get("a", "x")
			time.Sleep(time.Millisecond)
			for range records {
				r.get("b", "y")
			}
			time.Sleep(away)
			r.get("a", "x")
			if o := r.Observed(); (o.Differing > 0) != differs {
				t.Errorf("after %v: %+v", away, o)
			}
		})
	}
}

func TestBodiesThatAreNeverTheSameProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		n := 0
		var mu sync.Mutex
		r.crowd(rand.New(rand.NewPCG(1, 1)), 30, time.Second, 100*time.Millisecond, 20*time.Second, func(user int) said {
			mu.Lock()
			defer mu.Unlock()
			n++
			return said{body: fmt.Sprint(user, n)}
		})
		if o := r.Observed(); o.Verdict != ledger.Unknown || o.Differing != 0 || o.Same != 0 || o.Changed != o.Compared || o.Compared == 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestOneClientAloneProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		for range 300 {
			r.get("a", "all the same")
		}
		if o := r.Observed(); o.Verdict != ledger.Unknown || o.Same != 299 || o.Alike != 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestIdentitiesThatAreApartDoNotDifferAndAsPublicTheyDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Share = config.ShareAuto })
		r.crowd(rand.New(rand.NewPCG(1, 1)), 20, 300*time.Millisecond, 100*time.Millisecond, 20*time.Second, func(user int) said {
			return said{body: fmt.Sprint(user)}
		})
		o := r.Observed()
		if o.Share != "auto" || o.Verdict != ledger.Same || o.Apart != o.Same || o.Differing != 0 || o.Same != o.Compared || o.Resources != 20 || o.CredentialsWithheld != 0 {
			t.Errorf("%+v", o)
		}
		p := o.IfPublic
		if p == nil || p.Share != "public" || p.Verdict != ledger.Differs || best(*p).Name != "sid" || p.Resources != 1 || p.CredentialsWithheld != p.Requests {
			t.Errorf("%+v", p)
		}
		if p.WouldSaveRequests <= o.WouldSaveRequests {
			t.Errorf("public would save %d, and auto %d", p.WouldSaveRequests, o.WouldSaveRequests)
		}
	})
}

func TestWhatSaysNothingOfTheResourceIsNotCompared(t *testing.T) {
	for _, test := range []struct {
		share   config.Share
		status  int
		differs bool
	}{
		{config.SharePublic, 500, false}, {config.SharePublic, 503, false}, {config.SharePublic, 429, false},
		{config.SharePublic, 401, true}, {config.SharePublic, 302, true}, {config.SharePublic, 404, true},
		{config.ShareAuthorize, 401, false}, {config.ShareAuthorize, 403, false}, {config.ShareAuthorize, 404, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, nil)
			r.policy.Share = test.share
			for range 10 {
				r.get("a", "x")
				time.Sleep(time.Millisecond)
				r.ask("/x", []string{"Cookie: sid=b"}, Client{}, 0, 0, func() said { return said{status: test.status, body: "refused"} })
				time.Sleep(time.Millisecond)
			}
			if o := r.Observed(); (o.Verdict == ledger.Differs) != test.differs {
				t.Errorf("%s, %d: %+v", test.share, test.status, o)
			}
		})
	}
}

func TestWhatIsNeverSharedIsNotFoundSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.crowd(rand.New(rand.NewPCG(1, 1)), 20, 300*time.Millisecond, 100*time.Millisecond, 20*time.Second, func(int) said {
			return said{body: "all the same", fields: []string{"Set-Cookie", "a=1"}}
		})
		if o := r.Observed(); o.Verdict != ledger.Unknown || o.Alike < ledger.Enough || o.WouldSaveRequests != 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAnAnswerIsItsStatusAndTypeAsWell(t *testing.T) {
	for name, other := range map[string]said{
		"status": {status: 404, body: "x"}, "refusal": {status: 401, body: "x"}, "type": {body: "x", fields: []string{"Content-Type", "text/html"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, nil)
			for range 10 {
				r.get("a", "x")
				time.Sleep(time.Millisecond)
				r.ask("/x", []string{"Cookie: sid=b"}, Client{}, 0, 0, func() said { return other })
				time.Sleep(time.Millisecond)
			}
			if o := r.Observed(); o.Verdict != ledger.Differs || best(o).Name != "sid" {
				t.Errorf("%s: %+v", name, o)
			}
		})
	}
}
