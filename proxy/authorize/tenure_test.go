package authorize

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAHeldClientIsLookedIntoBeforeEachConsentEnds(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		r.Inquire(c, terms, origin.ask)
		x := r.Hold(c, terms, origin.ask)
		defer x.Leave()
		for range 3600 {
			time.Sleep(time.Second)
			synctest.Wait()
			if !r.Holds(c, time.Now()) {
				t.Fatal("there was a time without consent")
			}
		}
		if n := origin.asked.Load(); n < 60 || n > 90 {
			t.Errorf("asked %d times in an hour", n)
		}
	})
}

func TestARefusalEndsATenureWithinItsTime(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		alice, bob, origin, other := claimOf(1, 1), claimOf(2, 1), newSays(200), newSays(200)
		r.Inquire(alice, terms, origin.ask)
		r.Inquire(bob, terms, other.ask)
		a, b := r.Hold(alice, terms, origin.ask), r.Hold(bob, terms, other.ask)
		defer a.Leave()
		defer b.Leave()
		origin.status.Store(401)
		time.Sleep(terms.TTL)
		synctest.Wait()
		if !a.IsOver() || b.IsOver() {
			t.Errorf("alice is out: %v, bob too: %v", a.IsOver(), b.IsOver())
		}
	})
}

func TestATenureOutlivesAFailureForItsGrace(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		r.Inquire(c, terms, origin.ask)
		x := r.Hold(c, terms, origin.ask)
		defer x.Leave()
		origin.status.Store(0)
		time.Sleep(terms.TTL + terms.Grace - 16*time.Second)
		if x.IsOver() {
			t.Fatal("it ended too early")
		}
		time.Sleep(time.Minute)
		if !x.IsOver() {
			t.Error("it did not end")
		}
		if n := origin.asked.Load(); n > 8 {
			t.Errorf("a failing origin was asked %d times", n)
		}
	})
}

func TestALogoutEndsTenuresAtOnceAndBounded(t *testing.T) {
	registered(t, 0, func(t *testing.T, r *Register) {
		origin := newSays(200)
		var all []*Tenure
		for i := range 2 * againBurst {
			c := Claim{Who: ID{1}, What: ID{byte(i), byte(i >> 8)}}
			r.Inquire(c, terms, origin.ask)
			x := r.Hold(c, terms, origin.ask)
			defer x.Leave()
			all = append(all, x)
		}
		origin.asked.Store(0)
		origin.status.Store(403)
		r.Forget(ID{1})
		synctest.Wait()
		if n := origin.asked.Load(); n != againBurst {
			t.Errorf("asked %d times at once", n)
		}
		time.Sleep(terms.TTL)
		synctest.Wait()
		for i, x := range all {
			if !x.IsOver() {
				t.Fatalf("%d is still in", i)
			}
		}
	})
}

func TestATenureThatWasLeftAsksNothing(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		r.Inquire(c, terms, origin.ask)
		r.Hold(c, terms, origin.ask).Leave()
		r.Forget(c.Who)
		time.Sleep(time.Hour)
		if n := origin.asked.Load(); n != 1 || len(r.held) != 0 {
			t.Errorf("asked %d times, %d held", n, len(r.held))
		}
	})
}

func TestAGrantBySomebodyElseSavesTheInquiry(t *testing.T) {
	registered(t, 10, func(t *testing.T, r *Register) {
		c, origin := claimOf(1, 1), newSays(200)
		r.Grant(c, time.Now(), terms)
		x := r.Hold(c, terms, origin.ask)
		defer x.Leave()
		for range 100 {
			time.Sleep(terms.TTL / 4)
			r.Grant(c, time.Now(), terms)
		}
		if n := origin.asked.Load(); n != 0 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestATenureMayBeLookedIntoAsItBegins(t *testing.T) {
	r := New(0, func(err error) { t.Error(err) }, func() {})
	defer r.Close()
	c := claimOf(1, 1)
	for range 2000 {
		r.Revoke(c)
		x := r.Hold(c, terms, newSays(200).ask)
		r.Grant(c, time.Now(), terms)
		x.Leave()
	}
}
