package ledger

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheDifferenceOfTwoReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		r := l.Route("first", time.Second)
		story(r)
		before := l.Stats()
		time.Sleep(3 * time.Second) // two are held
		story(r)
		d, seconds := l.Stats().Since(before)
		got := d.Routes[0]
		want := wantStory("first", 1)
		want.Feeds, want.Subscribers = got.Feeds, got.Subscribers // as they are
		want.SavedRequestsEstimated = got.SavedRequestsEstimated  // two of before, and two more
		got.StalenessSeconds, got.DeliverySeconds, got.IntervalSeconds = Quantiles{}, Quantiles{}, 0
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if got.SavedRequestsEstimated < 16 || d.Totals.WithPollmux() != got.WithPollmux() || seconds < 3 {
			t.Errorf("%+v in %v s", d.Totals, seconds)
		}
	})
}

func TestAfterARestartAllIsNew(t *testing.T) {
	before := Stats{UptimeSeconds: 100, Totals: RouteStats{ClientRequests: ClientRequests{Poll: 1000}}}
	now := Stats{UptimeSeconds: 5, Totals: RouteStats{ClientRequests: ClientRequests{Poll: 2000}}}
	if d, seconds := now.Since(before); seconds != 5 || d.Totals.ClientRequests.Poll != 2000 {
		t.Errorf("%+v in %v s", d.Totals, seconds)
	}
}

func TestARestartIsOneHoweverLongAgoItIs(t *testing.T) {
	taken := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	before := Stats{TakenAt: taken, UptimeSeconds: 100, Totals: RouteStats{ClientRequests: ClientRequests{Poll: 1000}}}
	for uptime, want := range map[float64]int64{3590: 5000, 3700: 4000} {
		now := Stats{TakenAt: taken.Add(time.Hour), UptimeSeconds: uptime, Totals: RouteStats{ClientRequests: ClientRequests{Poll: 5000}}}
		if d, _ := now.Since(before); d.Totals.ClientRequests.Poll != want {
			t.Errorf("up for %v s: %+v", uptime, d.Totals)
		}
	}
}

func TestARouteThatBeganAnewIsAnother(t *testing.T) {
	route := func(name string, polls int64) RouteStats {
		return RouteStats{Name: name, ClientRequests: ClientRequests{Poll: polls}, Unshared: map[string]int64{"range": polls}}
	}
	before := Stats{UptimeSeconds: 10, Routes: []RouteStats{route("a", 100), route("b", 100)}}
	now := Stats{UptimeSeconds: 20, Routes: []RouteStats{route("b", 150), route("c", 7), route("a", 7)}}
	d, _ := now.Since(before)
	for i, want := range []int64{50, 7, 7} {
		if r := d.Routes[i]; r.ClientRequests.Poll != want || r.Unshared["range"] != want {
			t.Errorf("%+v", r)
		}
	}
}
