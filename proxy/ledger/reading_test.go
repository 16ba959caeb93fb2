package ledger

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

func TestAReadingIsWhatTheStatisticsSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		r := l.Route("scores", time.Second)
		story(r)
		if routes := l.Routes(); len(routes) != 1 || routes[0].Name() != "scores" {
			t.Fatalf("got %v", routes)
		}
		var got Reading
		r.Read(&got)
		s := l.Stats().Routes[0]
		up := s.UpstreamRequests
		if want := s.ClientRequests.Poll + s.ClientRequests.Pass + s.SavedRequestsEstimated; got.Would != want {
			t.Errorf("%d would have been sent, want %d", got.Would, want)
		}
		if got.Origin != up.Poll+up.Authorize+up.Pass || got.Errors != s.UpstreamErrors || got.SavedBytes != s.SavedBytes || got.Held != s.Subscribers.SSE {
			t.Errorf("got %d, %d, %d, %d of %+v", got.Origin, got.Errors, got.SavedBytes, got.Held, s)
		}
		if got.Staleness.Quantile(0.99) != s.StalenessSeconds.P99 || got.Delivery.Quantile(0.5) != s.DeliverySeconds.P50 {
			t.Errorf("other quantiles than %+v, %+v", s.StalenessSeconds, s.DeliverySeconds)
		}
	})
}

func TestCountsOfATimeAreWithoutWhatWasBefore(t *testing.T) {
	r := New().Route("scores", time.Second)
	var before, now Reading
	for range 1000 {
		r.Served(time.Hour)
	}
	r.Read(&before)
	for range 10 {
		r.Served(100 * time.Millisecond)
	}
	r.Read(&now)
	var recent Counts
	recent.AddSince(&before.Staleness, &now.Staleness)
	for _, q := range []float64{0.01, 0.5, 0.99, 1} {
		if got := recent.Quantile(q); math.Abs(got-0.1) > 0.01 {
			t.Errorf("quantile %v is %v", q, got)
		}
	}
	var wrapped Counts
	wrapped.AddSince(&Counts{7: math.MaxUint32}, &Counts{7: 2})
	if wrapped != (Counts{7: 3}) {
		t.Errorf("past 2³² there are %d", wrapped[7])
	}
	if (&Counts{}).Quantile(0.5) != 0 {
		t.Error("nothing has a quantile")
	}
}

func TestAReadingAllocatesNothing(t *testing.T) {
	r := New().Route("scores", time.Second)
	r.Requested(upgrade.Poll)
	var into Reading
	if n := testing.AllocsPerRun(10, func() { r.Read(&into) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
