package history

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/upgrade"
)

// rig is a history of a ledger, under synctest.
type rig struct {
	t       *testing.T
	ledger  *ledger.Ledger
	history *History
}

func story(t *testing.T, tell func(*rig)) {
	synctest.Test(t, func(t *testing.T) {
		tell(&rig{t: t, ledger: ledger.New(), history: New(time.Now())})
	})
}

// pass lets time pass, and does something in each second of it.
func (r *rig) pass(d time.Duration, each func()) {
	for range d / time.Second {
		if each != nil {
			each()
		}
		time.Sleep(time.Second)
		r.history.Tick(time.Now(), r.ledger)
	}
}

// last is the last point of a route.
func (r *rig) last(route string) Point {
	_, _, each := r.history.Last([]string{route})
	return each[0]
}

func (r *rig) near(what string, got float32, want float64) {
	r.t.Helper()
	if math.Abs(float64(got)-want) > want/10+1e-9 {
		r.t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestAPointIsWhatHappenedInItsStep(t *testing.T) {
	story(t, func(r *rig) {
		scores, idle := r.ledger.Route("scores", time.Second), r.ledger.Route("idle", time.Second)
		r.pass(time.Minute, nil)
		held := scores.Held(upgrade.SSE)
		defer held.Left()
		r.pass(30*time.Second, func() {
			for range 10 {
				scores.Requested(upgrade.Poll)
				scores.Served(200 * time.Millisecond)
			}
			scores.Saved(1000, time.Millisecond)
			scores.Polled(time.Millisecond, 0, false, "status 500")
		})
		p := r.last("scores")
		r.near("would", p.Would, 11) // ten polls, and one subscriber who would have polled
		r.near("origin", p.Origin, 1)
		r.near("errors", p.Errors, 1)
		r.near("bytes", p.SavedBytes, 1000)
		r.near("subscribers", p.Subscribers, 1)
		r.near("staleness", p.StalenessP99, 0.2)
		if r.last("idle") != (Point{}) || r.history.routes["idle"].points != nil || idle.Name() != "idle" {
			t.Error("what does nothing costs a ring")
		}
		if _, total, _ := r.history.Last(nil); total != p {
			t.Errorf("in all %+v, want %+v", total, p)
		}
		report := r.history.Totals([]string{"scores", "nobody"})
		if len(report.Would) != 18 || report.Would[0] != 0 || report.Would[17] != p.Would || !report.Until.Equal(time.Now()) {
			t.Errorf("%d points: %v", len(report.Would), report.Would)
		}
		if len(report.Routes) != 1 || len(report.Routes[0].Would) != 1 || report.Routes[0].Errors[0] != 0.5 {
			t.Errorf("trends: %+v", report.Routes)
		}
	})
}

func TestAnHourIsKeptAndNoMore(t *testing.T) {
	story(t, func(r *rig) {
		scores := r.ledger.Route("scores", time.Second)
		n := 0
		r.pass(61*time.Minute, func() {
			for range n / 60 { // in minute i there are i polls a second
				scores.Requested(upgrade.Poll)
			}
			n++
		})
		report, ok := r.history.Route("scores")
		if !ok || len(report.Would) != Points || len(report.DeliveryP99) != Points {
			t.Fatalf("%v, %d points", ok, len(report.Would))
		}
		if report.Would[0] != 1 || report.Would[Points-1] != 60 {
			t.Errorf("from %v to %v", report.Would[0], report.Would[Points-1])
		}
		trend := r.history.Totals([]string{"scores"}).Routes[0].Would
		if len(trend) != 60 || trend[0] != 1 || trend[59] != 60 {
			t.Errorf("the trend is %v", trend)
		}
	})
}

func TestQuantilesAreThoseOfTheLastMinuteOrTwo(t *testing.T) {
	story(t, func(r *rig) {
		scores := r.ledger.Route("scores", time.Second)
		serve := func(staleness time.Duration) func() {
			return func() {
				scores.Requested(upgrade.Poll)
				scores.Served(staleness)
			}
		}
		r.pass(time.Hour, serve(10*time.Second))
		r.pass(30*time.Second, serve(time.Millisecond))
		r.near("p99 soon after", r.last("scores").StalenessP99, 10)
		r.pass(2*time.Minute, serve(time.Millisecond))
		r.near("p99 two minutes later", r.last("scores").StalenessP99, 0.001)
		r.pass(2*time.Minute+Step, nil)
		r.near("p99 of nothing", r.last("scores").StalenessP99, 0)
	})
}

func TestAProcessThatWasStoppedMakesUpForIt(t *testing.T) {
	story(t, func(r *rig) {
		scores := r.ledger.Route("scores", time.Second)
		r.pass(Step, func() { scores.Requested(upgrade.Poll) })
		for range 300 {
			scores.Requested(upgrade.Poll)
		}
		time.Sleep(time.Minute)
		if !r.history.Tick(time.Now(), r.ledger) || r.history.Tick(time.Now(), r.ledger) {
			t.Error("a point is made when there is one to make")
		}
		report, _ := r.history.Route("scores")
		if len(report.Would) != 13 || report.Would[0] != 1 || report.Would[1] != 5 || report.Would[12] != 5 {
			t.Errorf("got %v", report.Would)
		}
		time.Sleep(24 * time.Hour)
		r.history.Tick(time.Now(), r.ledger)
		if report, _ := r.history.Route("scores"); len(report.Would) != Points || report.Would[0] != 0 {
			t.Errorf("%d points, %v", len(report.Would), report.Would[0])
		}
	})
}

// A reload may replace the accounts of routes.
func TestARouteGoesOnUnderItsName(t *testing.T) {
	story(t, func(r *rig) {
		poll := func(route *ledger.Route) func() { return func() { route.Requested(upgrade.Poll) } }
		old := r.ledger.Route("scores", time.Second)
		r.ledger.Route("gone", time.Second)
		r.pass(time.Minute, poll(old))
		r.ledger = ledger.New()
		successor := r.ledger.Route("scores", time.Second)
		r.pass(Step, nil)
		r.pass(Step, poll(successor))
		report, _ := r.history.Route("scores")
		if n := len(report.Would); n != 14 || report.Would[n-3] != 1 || report.Would[n-2] != 0 || report.Would[n-1] != 1 {
			t.Errorf("got %v", report.Would)
		}
		if _, ok := r.history.Route("gone"); ok {
			t.Error("what is no more is kept")
		}
	})
}

func TestNumbersAreJSON(t *testing.T) {
	for _, n := range []numbers{nil, {}, {0}, {1e9, 1.5, 0.00012345, 123456, 1.0 / 3}} {
		text, err := json.Marshal(n)
		var back []float64
		if err != nil || json.Unmarshal(text, &back) != nil || len(back) != len(n) {
			t.Fatalf("%v is %s, %v", n, text, err)
		}
		for i := range n {
			if math.Abs(back[i]-float64(n[i])) > float64(n[i])/1000 {
				t.Errorf("%v is %v", n[i], back[i])
			}
		}
	}
}

// BenchmarkTick is what a point costs, of routes that are all in use.
func BenchmarkTick(b *testing.B) {
	for _, routes := range []int{10, 1000} {
		b.Run(fmt.Sprint(routes), func(b *testing.B) {
			l := ledger.New()
			for i := range routes {
				r := l.Route(fmt.Sprint(i), time.Second)
				r.Requested(upgrade.Poll)
				r.Served(time.Second)
			}
			now := time.Now()
			h := New(now)
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(Step)
				h.Tick(now, l)
			}
			b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/Step.Seconds(), "%core")
		})
	}
}

// A route that a reload takes away, and another brings back, goes on with its account,
// all of which is not of the last few seconds.
func TestARouteThatComesBackHasNotDoneEverythingAtOnce(t *testing.T) {
	story(t, func(r *rig) {
		poll := func(l *ledger.Route) func() { return func() { l.Requested(upgrade.Poll) } }
		scores, other := r.ledger.Route("scores", time.Second), r.ledger.Route("other", time.Second)
		r.pass(10*time.Minute, poll(scores))
		r.ledger.Follow([]*ledger.Route{other}, nil, nil)
		r.pass(10*time.Second, nil)
		scores = r.ledger.Account("scores")
		r.ledger.Follow([]*ledger.Route{other, scores}, nil, nil)
		for range 3 {
			r.pass(Step, poll(scores))
			if _, total, _ := r.history.Last(nil); total.Would > 1.5 || r.last("scores").Would > 1.5 {
				t.Errorf("one request a second: %+v, in all %+v", r.last("scores"), total)
			}
		}
		r.near("would", r.last("scores").Would, 1)
	})
}
