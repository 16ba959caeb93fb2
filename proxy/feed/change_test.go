package feed

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

// watcher is a subscriber that notes when it was woken, and by what.
type watcher struct {
	feed  *Feed
	state *upgrade.State
	wakes int
}

func (r *rig) watch(path string) *watcher {
	f := r.subscribe(path)
	return &watcher{feed: f, state: f.Latest()}
}

// look notes whether the state has been superseded.
func (w *watcher) look() {
	synctest.Wait()
	if w.state.Changed != nil && isClosed(w.state.Changed) {
		w.state = w.feed.Latest()
		w.wakes++
	}
}

// after lets time pass and returns how often the watcher was woken.
func (w *watcher) after(d time.Duration) int {
	before := w.wakes
	for range int(d / (100 * time.Millisecond)) {
		time.Sleep(100 * time.Millisecond)
		w.look()
	}
	return w.wakes - before
}

// conditional answers 304 to whoever has the tag, and counts that.
func conditional(tag, body string, fields ...string) func(*poll) *origin.Response {
	fields = append([]string{"ETag", tag}, fields...)
	return func(p *poll) *origin.Response {
		if strings.Contains(p.head, "\r\nIf-None-Match: "+tag+"\r\n") {
			return response(304, "", fields...)
		}
		return response(200, body, fields...)
	}
}

func TestWhatDidNotChangeWakesNobodyAndKeepsItsVersion(t *testing.T) {
	quiet := map[string]func(p *poll) *origin.Response{
		"304":                conditional(`"a"`, "v1"),
		"304 to a weak tag":  conditional(`W/"a"`, "v1"),
		"304 to a date":      modified("v1", time.Unix(0, 0)),
		"equal body":         func(*poll) *origin.Response { return response(200, "v1") },
		"new tag":            func(p *poll) *origin.Response { return response(200, "v1", "ETag", fmt.Sprintf(`"%d"`, p.n)) },
		"header only":        func(p *poll) *origin.Response { return response(200, "v1", "X-Request-Id", fmt.Sprint(p.n)) },
		"empty body":         func(*poll) *origin.Response { return response(200, "") },
		"no content":         func(*poll) *origin.Response { return response(204, "") },
		"still not there":    func(*poll) *origin.Response { return response(404, "no such game") },
		"unknown length":     func(*poll) *origin.Response { return unmeasured("v1") },
		"a date that is now": func(p *poll) *origin.Response { return modified("v1", time.Now())(p) },
	}
	for name, say := range quiet {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.origin.answers(say)
				first := r.get("/x").Update
				w := r.watch("/x")
				defer leave(w.feed)
				if n := w.after(time.Minute); n != 0 {
					t.Errorf("woken %d times", n)
				}
				u := w.feed.Latest().Update
				if u.Version != first.Version || u.ID != first.ID || u.ETag != first.ETag || r.meter.updates.Load() != 1 {
					t.Errorf("was %+v, is %+v", first, u)
				}
				if u.Polled.Sub(r.begin) < 59*time.Second {
					t.Errorf("it was found to be current %v ago", time.Since(u.Polled))
				}
				if wants := strings.HasPrefix(name, "304"); (r.meter.unchanged.Load() == 60) != wants {
					t.Errorf("%d polls were answered 304", r.meter.unchanged.Load())
				}
			})
		})
	}
}

// unmeasured is an answer without a Content-Length.
func unmeasured(body string, fields ...string) *origin.Response {
	resp := response(200, body, fields...)
	resp.Length = -1
	return resp
}

func TestWhatChangedWakesOnceAndIsANewVersion(t *testing.T) {
	type answer = func(*poll) *origin.Response
	plain := func(*poll) *origin.Response { return response(200, "v1", "Content-Type", "text/plain") }
	loud := map[string]answer{
		"body":       func(*poll) *origin.Response { return response(200, "v2", "Content-Type", "text/plain") },
		"type":       func(*poll) *origin.Response { return response(200, "v1", "Content-Type", "text/html") },
		"no type":    func(*poll) *origin.Response { return response(200, "v1") },
		"status":     func(*poll) *origin.Response { return response(203, "v1", "Content-Type", "text/plain") },
		"gone":       func(*poll) *origin.Response { return response(410, "v1", "Content-Type", "text/plain") },
		"no content": func(*poll) *origin.Response { return response(204, "") },
	}
	for name, say := range loud {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.origin.answers(plain)
				first := r.get("/x").Update
				w := r.watch("/x")
				defer leave(w.feed)
				r.origin.answers(say)
				if n := w.after(time.Minute); n != 1 {
					t.Errorf("woken %d times", n)
				}
				second := w.state.Update
				if second.Version != first.Version+1 || second.ETag == first.ETag || second.ID == first.ID {
					t.Errorf("%+v became %+v", first, second)
				}
				r.origin.answers(plain)
				if n := w.after(time.Minute); n != 1 {
					t.Errorf("woken %d times by the way back", n)
				}
				third := w.state.Update
				if third.Version != first.Version+2 || third.ETag != first.ETag || third.ID != first.ID {
					t.Errorf("%+v came back as %+v", first, third)
				}
			})
		})
	}
}

func TestAChangeWithinTheSecondOfItsLastModifiedIsNotMissed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 300 * time.Millisecond
		change := func(body string) { r.origin.answers(modified(body, time.Now())) }
		change("v1")
		r.want(r.get("/x"), "v1")
		w := r.watch("/x")
		defer leave(w.feed)
		time.Sleep(400 * time.Millisecond)
		change("v2")
		w.after(5 * time.Second)
		r.want(Answer{Update: w.state.Update}, "v2")
		if r.meter.unchanged.Load() < 10 {
			t.Errorf("only %d polls were answered 304", r.meter.unchanged.Load())
		}
	})
}

// modified is an origin that knows when its body changed, to the second.
func modified(body string, changed time.Time) func(*poll) *origin.Response {
	when := changed.UTC().Format(http.TimeFormat)
	return func(p *poll) *origin.Response {
		now := time.Now().UTC().Format(http.TimeFormat)
		if strings.Contains(p.head, "If-Modified-Since: "+when) {
			return response(304, "", "Date", now, "Last-Modified", when)
		}
		return response(200, body, "Date", now, "Last-Modified", when)
	}
}

func TestVersionsNeverGoBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		random := newChance(t)
		r.policy.StaleIfError = time.Hour
		r.origin.answers(func(p *poll) *origin.Response {
			switch random.of(6) {
			case 0:
				return nil
			case 1:
				return response(503, "")
			case 2:
				return response(304, "")
			case 3:
				return response(200, "mine", "Set-Cookie", "a=b")
			}
			return response(200, fmt.Sprint("v", random.of(3)))
		})
		f := r.subscribe("/x")
		defer leave(f)
		var last uint64
		for range 5000 {
			time.Sleep(250 * time.Millisecond)
			if random.of(10) == 0 {
				f.Invalidate()
			}
			if u := f.Latest().Update; u != nil {
				if u.Version < last {
					t.Fatalf("version %d after %d", u.Version, last)
				}
				last = u.Version
			}
		}
		if last < 100 {
			t.Errorf("only %d versions", last)
		}
	})
}
