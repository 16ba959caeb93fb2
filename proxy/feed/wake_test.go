package feed

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// From the last byte of an answer to those who wait for it there is no wait: not for
// a timer, and not for a turn.
func TestThereIsNoWaitFromALandingToThoseWhoWaitForIt(t *testing.T) {
	for _, perSecond := range []float64{0, 2} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			const latency = 37 * time.Millisecond
			var answered atomic.Int64 // when the last answer was complete
			r.origin.answers(func(p *poll) *origin.Response {
				pause(p.ctx, latency)
				answered.Store(int64(time.Since(r.begin)))
				return response(200, fmt.Sprint(p.n), "Content-Type", "text/plain")
			})
			r.often(300*time.Millisecond, func() {
				if a := r.get("/x"); a.How != Hit && int64(time.Since(r.begin)) != answered.Load() {
					t.Errorf("who asked had it after %v", time.Since(r.begin))
				}
			})
			for range 10 {
				f := r.hold("/x")[0]
				r.follow(f, func() {
					if late := int64(time.Since(r.begin)) - answered.Load(); late != 0 {
						t.Errorf("who is held was told %v late", time.Duration(late))
					}
				})
			}
			time.Sleep(20 * time.Second)
			if n := r.origin.count(); n < 20 {
				t.Errorf("%d polls", n)
			}
		})
	}
}

// follow does something at each change of a feed, until the end of the test.
func (r *rig) follow(f *Feed, do func()) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-f.Latest().Changed:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
	r.t.Cleanup(func() {
		stop()
		<-done
	})
}

// BenchmarkLandingToWake is how long it takes from an answer of the origin until a
// subscriber knows of it.
func BenchmarkLandingToWake(b *testing.B) {
	for name, perSecond := range map[string]float64{"alone": 0, "in turn": generous} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, Limits{})
			b.Cleanup(r.close)
			r.budget(perSecond)
			r.policy.Interval = time.Millisecond
			var answered atomic.Int64
			r.origin.answers(func(p *poll) *origin.Response {
				resp := response(200, fmt.Sprint(p.n), "Content-Type", "text/plain")
				answered.Store(int64(time.Since(r.begin)))
				return resp
			})
			f := r.subscribe("/x")
			b.Cleanup(func() { leave(f) })
			var took []float64
			for b.Loop() {
				<-f.Latest().Changed
				took = append(took, float64(int64(time.Since(r.begin))-answered.Load())/1000)
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op") // which the interval makes
			b.ReportMetric(took[len(took)/2], "p50-µs")
			b.ReportMetric(took[len(took)*99/100], "p99-µs")
		})
	}
}
