package feed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
)

// gaps are the times between the beginnings of polls.
func (r *rig) gaps() (all []time.Duration) {
	begins := r.origin.begins(r.begin)
	for i, began := range begins[1:] {
		all = append(all, began-begins[i])
	}
	return all
}

func TestAFeedThatFailsAloneIsPolledBetweenOneAndTwoIntervalsLater(t *testing.T) {
	for _, random := range []float64{0, 0.5, 0.999} {
		for _, interval := range []time.Duration{100 * time.Millisecond, time.Second, 30 * time.Second, 2 * time.Minute} {
			inBubble(t, func(t *testing.T, r *rig) {
				r.policy.Interval = interval
				r.feeds.random = func() float64 { return random }
				r.want(r.get("/x"), "v1")
				r.origin.fails()
				r.origin.latency = 50 * time.Millisecond
				defer leave(r.subscribe("/x"))
				time.Sleep(12 * max(interval, 10*time.Second))
				// The first one fails an interval after the last that did not.
				// Nobody else is there to find out that the origin is back.
				for i, got := range r.gaps()[1:5] {
					if want := schedule.Backoff(1, interval, random); got != want || got < interval {
						t.Errorf("random %v, interval %v: %v after failure %d, want %v", random, interval, got, i+1, want)
					}
				}
			})
		}
	}
}

func TestTheOriginsOwnPaceIsObeyed(t *testing.T) {
	const now = bubbleStart
	for _, step := range []struct {
		status int
		fields []string
		want   time.Duration
	}{
		{200, []string{"X-Poll-Interval", "60"}, time.Minute},
		{200, []string{"X-Poll-Interval", "0.5"}, time.Second},
		{200, []string{"X-Poll-Interval", "2.5"}, 2500 * time.Millisecond},
		{200, []string{"Retry-After", "7"}, 7 * time.Second},
		{200, []string{"Retry-After", "Sat, 01 Jan 2000 00:00:07 GMT", "Date", now}, 7 * time.Second},
		{200, []string{"Retry-After", "0"}, time.Second},
		{503, []string{"Retry-After", "Saturday, 01-Jan-00 00:00:07 GMT", "Date", now}, 7 * time.Second},
		{503, []string{"Retry-After", "Sat Jan  1 00:00:07 2000", "Date", now}, 7 * time.Second},
		{503, []string{"Retry-After", "6.5"}, 7 * time.Second},
		{200, []string{"Cache-Control", "max-age=30"}, 30 * time.Second},
		{200, []string{"Cache-Control", "max-age=30, s-maxage=5"}, 5 * time.Second},
		{200, []string{"Cache-Control", "max-age=30", "Age", "20"}, 10 * time.Second},
		{200, []string{"Cache-Control", "max-age=30", "Age", "40"}, time.Second},
		{200, []string{"Cache-Control", "max-age=0"}, time.Second},
		{200, []string{"Cache-Control", "max-age=3601"}, time.Hour},
		{200, []string{"Cache-Control", "max-age=31536000, immutable"}, time.Hour},
		{200, []string{"Cache-Control", "max-age=30, no-cache"}, time.Second},
		{200, []string{"Cache-Control", `max-age=30, no-cache="X-Own"`}, 30 * time.Second},
		{200, []string{"Expires", "Sat, 01 Jan 2000 00:00:30 GMT", "Date", now}, 30 * time.Second},
		{200, []string{"Expires", "Sat, 01 Jan 2000 00:00:30 GMT"}, 30 * time.Second},
		{200, []string{"Expires", "Fri, 31 Dec 1999 23:00:30 GMT", "Date", "Fri, 31 Dec 1999 23:00:00 GMT"}, 30 * time.Second},
		{200, []string{"Expires", "0", "Date", now}, time.Second},
		{200, []string{"Expires", "Sat, 01 Jan 2000 00:00:30 GMT", "Date", now, "Cache-Control", "max-age=5"}, 5 * time.Second},
		{404, []string{"Expires", "Sat, 01 Jan 2000 00:00:30 GMT", "Date", now}, 30 * time.Second},
		{503, []string{"Expires", "Sat, 01 Jan 2000 00:00:30 GMT", "Date", now}, time.Second},
		{404, []string{"Cache-Control", "max-age=30"}, 30 * time.Second},
		{503, []string{"Retry-After", "7"}, 7 * time.Second},
		{429, []string{"Retry-After", "7"}, 7 * time.Second},
		{503, []string{"X-Poll-Interval", "60"}, time.Minute},
		{503, []string{"Cache-Control", "max-age=3600"}, time.Second},
	} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.origin.says(step.status, "v1", step.fields...)
			defer leave(r.subscribe("/x"))
			time.Sleep(step.want)
			synctest.Wait()
			if got := r.origin.begins(r.begin); !slices.Contains(got, step.want) || len(got) != 2 {
				t.Errorf("%d %v: polled after %v, want %v", step.status, step.fields, got, step.want)
			}
		})
	}
}

func TestWhileTheOriginFailsTheLastSnapshotIsGivenForAWhile(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleIfError = 10 * time.Second
		r.want(r.get("/x"), "v1")
		r.origin.says(503, "busy")
		for now := range 30 {
			a := r.get("/x")
			switch {
			case now == 0:
				r.want(a, "v1")
			case now < 11: // an interval, and stale_if_error
				r.want(a, "v1")
				if a.How != Hit || a.Detail != "stale-if-error" || !a.Caused {
					t.Errorf("after %ds: %+v", now, a)
				}
			default:
				if a.Err == nil || a.RetryAfter != time.Second {
					t.Errorf("after %ds: %+v", now, a)
				}
			}
			time.Sleep(time.Second)
		}
	})
}

func TestOnlyTheClientThatCausedAFailedPollIsSaidToHave(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		time.Sleep(time.Second)
		r.origin.fails()
		r.feeds.random = func() float64 { return 0.999 }
		if a := r.get("/x"); !a.Caused || a.Detail != "stale-if-error" {
			t.Errorf("got %+v", a)
		}
		if a := r.get("/x"); a.Caused || a.Detail != "stale-if-error" {
			t.Errorf("got %+v", a)
		}
		r.wantPolls(2)
	})
}

func TestAColdFeedOfAFailingOriginSaysWhenToComeBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 10 * time.Second
		r.feeds.random = func() float64 { return 0.75 }
		r.origin.fails()
		for i := range 4 {
			a, pause := r.get("/x"), schedule.Backoff(1, urgentPace, 0.75)
			if !errors.Is(a.Err, origin.ErrTruncated) || a.RetryAfter != pause {
				t.Fatalf("poll %d: %+v", i, a)
			}
			time.Sleep(pause / 2)
			if a = r.get("/x"); a.Err == nil || a.RetryAfter != pause-pause/2 {
				t.Fatalf("half-way to poll %d: %+v", i+1, a)
			}
			r.wantPolls(i + 1)
			time.Sleep(pause - pause/2)
		}
		r.origin.says(200, "v1")
		r.want(r.get("/x"), "v1")
	})
}

func TestSubscribersOfAColdFeedDoNotPollFasterThanTheInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 30 * time.Second
		r.origin.fails()
		r.get("/x")
		defer leave(r.subscribe("/x"))
		time.Sleep(5*time.Minute - 1)
		r.wantPolls(10)
	})
}

func TestTurningStaleAndLiveWakesOnceEach(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.answers(conditional(`"a"`, "v1"))
		r.get("/x")
		w := r.watch("/x")
		defer leave(w.feed)
		r.origin.answers(func(p *poll) *origin.Response {
			return []*origin.Response{response(500, ""), response(503, ""), nil, response(304, "", "Set-Cookie", "a=b")}[p.n%4]
		})
		if n := w.after(time.Minute); n != 1 || w.state.Stale == "" || w.state.Update.Version != 1 {
			t.Errorf("woken %d times by failures: %+v", n, w.state)
		}
		r.origin.answers(conditional(`"a"`, "v1"))
		if n := w.after(time.Minute); n != 1 || w.state.Stale != "" || w.state.Update.Version != 1 {
			t.Errorf("woken %d times by the recovery: %+v", n, w.state)
		}
		r.origin.fails()
		w.after(time.Minute)
		r.origin.says(200, "v2")
		if n := w.after(time.Minute); n != 1 || w.state.Stale != "" || w.state.Update.Version != 2 {
			t.Errorf("woken %d times by a recovery with a change: %+v", n, w.state)
		}
	})
}

// bell is an alarm that writes down what it is told.
type bell []string

func (b *bell) Failing(failure error)         { *b = append(*b, "failing: "+failure.Error()) }
func (b *bell) StillFailing(failure error)    { *b = append(*b, "still failing: "+failure.Error()) }
func (b *bell) Recovered(after time.Duration) { *b = append(*b, "recovered after "+after.String()) }

func TestAnAlarmIsToldOfEachFailureAndOfTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var told bell
		spec := r.spec("/x")
		spec.Alarm = &told
		f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
		if err != nil {
			t.Fatal(err)
		}
		defer f.Release()
		for _, status := range []int{200, 500, 503, 200} {
			r.origin.says(status, "v1")
			get(f, KeepNone)
			time.Sleep(time.Second)
		}
		if want := (bell{"failing: the origin answers 500", "still failing: the origin answers 503", "recovered after 2s"}); !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
	})
}

func TestAStaleFeedSaysWhyAndNoMore(t *testing.T) {
	reset := fmt.Errorf("%w: dial tcp 10.0.0.7:80: user:secret", origin.ErrUnreachable)
	for want, err := range map[string]error{
		"the origin answers 503":                             errStatus(503),
		"the origin cannot be reached":                       reset,
		"the origin did not answer in time":                  fmt.Errorf("%w: 10.0.0.7", origin.ErrTimeout),
		"the origin cannot be polled":                        errors.New("secret"),
		"the origin answers 304 to an unconditional request": errConfused,
	} {
		if got := publicReason(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestA304ThatNobodyAskedForIsAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(304, "")
		if a := r.get("/x"); !errors.Is(a.Err, errConfused) {
			t.Errorf("cold: %+v", a)
		}
		r.origin.says(200, "v1") // without a validator
		time.Sleep(time.Second)
		r.want(r.get("/x"), "v1")
		r.origin.says(304, "", "ETag", `"a"`)
		time.Sleep(time.Second)
		if a := r.get("/x"); a.Detail != "stale-if-error" || strings.Contains(r.origin.last().head, "If-") {
			t.Errorf("got %+v to %q", a, r.origin.last().head)
		}
	})
}

func TestAPollIsGivenUpAfterItsTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Hour
		if a := r.get("/x"); !errors.Is(a.Err, origin.ErrTimeout) {
			t.Errorf("got %+v", a)
		}
		if took := time.Since(r.begin); took != 10*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

func TestABodyThatIsCutShortIsAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		time.Sleep(time.Second)
		r.origin.answers(func(*poll) *origin.Response {
			resp := response(200, "short")
			resp.Length = 3 << 20
			return resp
		})
		r.policy.Snapshot = 0
		if a := r.get("/x"); a.Detail != "stale-if-error" {
			t.Errorf("got %+v", a)
		}
	})
}
