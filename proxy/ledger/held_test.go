package ledger

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

func TestHeldClientsSaveOnePollPerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour) // an old ledger's epoch is far away
		l := New()
		slow, quick, none := l.Route("slow", 10*time.Second), l.Route("quick", 250*time.Millisecond), l.Route("none", 0)
		time.Sleep(time.Hour)
		want := func(s, q int64) {
			t.Helper()
			stats := l.Stats()
			if got := []int64{stats.Routes[0].SavedRequestsEstimated, stats.Routes[1].SavedRequestsEstimated}; got[0] != s || got[1] != q {
				t.Errorf("estimated %v, want %d and %d", got, s, q)
			}
			if total := stats.Totals.SavedRequestsEstimated; total != s+q {
				t.Errorf("in total %d", total)
			}
		}
		want(0, 0)
		first := slow.Held(upgrade.SSE)
		second := slow.Held(upgrade.WebSocket)
		third := quick.Held(upgrade.Longpoll)
		defer none.Held(upgrade.SSE).Left()
		time.Sleep(9 * time.Second)
		want(1, 36) // 18 s, 9 s
		first.Left()
		time.Sleep(time.Second)
		want(1, 40) // 19 s, 10 s
		time.Sleep(time.Second)
		second.Left()
		third.Left()
		want(2, 44) // 20 s, 11 s
		time.Sleep(time.Hour)
		want(2, 44)
	})
}

func TestAHundredThousandClientsForAYearFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New().Route("full", time.Second)
		for range 100_000 {
			r.Held(upgrade.SSE)
		}
		const year = 365 * 24 * time.Hour
		time.Sleep(year)
		if got, want := r.estimated(), int64(100_000)*int64(year/time.Second); got != want {
			t.Errorf("estimated %d, want %d", got, want)
		}
	})
}

func TestTheEstimateNeverGoesBack(t *testing.T) {
	l := New()
	l.epoch = l.epoch.Add(-24 * time.Hour)
	r := l.Route("busy", time.Microsecond)
	began, last := time.Now(), int64(0)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					r.Held(upgrade.SSE).Left()
				}
			}
		})
	}
	for time.Since(began) < 300*time.Millisecond {
		now := r.estimated()
		if most := 8 * time.Since(began).Microseconds(); now < last || now > most+8 {
			t.Errorf("estimated %d after %d, at most %d are possible", now, last, most)
			break
		}
		last = now
	}
	close(stop)
	clients.Wait()
	if s := r.stats().Subscribers; s != (Subscribers{}) {
		t.Errorf("%+v are left", s)
	}
}

// A client that comes late is not sent what it missed slowly.
func TestADeliveryTakesNoLongerThanItsSubscriberIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New().Route("late", time.Second)
		u := &upgrade.Update{Polled: time.Now(), Received: time.Now()}
		time.Sleep(time.Minute)
		s := r.Held(upgrade.SSE)
		time.Sleep(time.Millisecond)
		s.Delivered(u)
		if stats := r.stats(); stats.DeliverySeconds.P99 > 0.01 || stats.StalenessSeconds.P99 < 55 { // of a histogram
			t.Errorf("%+v, %+v", stats.DeliverySeconds, stats.StalenessSeconds)
		}
		s.Left()
	})
}

// What a held client had is outdated from when there may have been something newer.
func TestAChangeMakesWhatAClientHadOutdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New().Route("held", time.Second)
		s := r.Held(upgrade.SSE)
		seen := time.Now()
		time.Sleep(4 * time.Second)
		u := &upgrade.Update{After: seen, Polled: time.Now()}
		time.Sleep(time.Second)
		u.Received = time.Now()
		s.Delivered(u)
		if p := r.stats().StalenessSeconds.P50; p < 4.5 || p > 5.6 { // of a histogram
			t.Errorf("outdated for %v s, not 5", p)
		}
		s.Left()
	})
}
