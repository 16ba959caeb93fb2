package observe

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// same is an origin that always says the same.
func same() said { return said{body: "0123456789"} }

func TestEachIntervalWouldCostOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil) // interval: 1s
		var wait sync.WaitGroup
		for range 9 {
			wait.Go(func() {
				for range 100 {
					r.ask("/x", nil, Client{}, 10*time.Millisecond, 0, same)
					time.Sleep(90 * time.Millisecond)
				}
			})
		}
		wait.Wait()
		o := r.Observed()
		if o.Requests != 900 || o.WouldSaveRequests != 890 || o.WouldSaveBytes != 8900 || o.Compared != 890 || o.Same != 890 {
			t.Errorf("%+v", o)
		}
		if took := o.WouldSaveOriginSeconds; took < 8.89 || took > 8.91 {
			t.Errorf("%v s of the origin's time", took)
		}
	})
}

func TestWhoComesWhileAPollIsUnderWayWouldWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, func(r *config.Route) { r.Interval = config.Every(10 * time.Millisecond) })
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() { // each is done before the first is
				time.Sleep(time.Duration(i) * time.Millisecond)
				r.ask("/x", nil, Client{}, 100*time.Millisecond-2*time.Duration(i)*time.Millisecond, 0, same)
			})
		}
		wait.Wait()
		if o := r.Observed(); o.WouldSaveRequests != 19 || o.WouldSaveBytes != 190 || o.Compared != maxEarly || o.Same != maxEarly {
			t.Errorf("%+v", o)
		}
	})
}

func TestEachAnswerThatMayNotBeSharedIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() { // half of them are done before the first is
				time.Sleep(time.Duration(i) * time.Millisecond)
				r.ask("/x", nil, Client{}, time.Duration(100+10*(i%2*2-1)*i)*time.Millisecond, 0, func() said { return said{fields: []string{"Set-Cookie", "a=1"}} })
			})
		}
		wait.Wait()
		if o := r.Observed(); o.Unshareable["set-cookie"] != 20 || o.WouldSaveRequests != 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAnAnswerForNobodyElseWouldSaveNothingForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		r.get("a", "x", "Set-Cookie", "sid=1")
		for range 3 {
			r.get("a", "x")
			r.get("a", "x")
			time.Sleep(59 * time.Second / 2)
		}
		if o := r.Observed(); o.WouldSaveRequests != 0 || o.Unshareable["set-cookie"] != 1 || o.Compared != 0 {
			t.Errorf("%+v", o)
		}
		r.get("a", "x")
		r.get("a", "x")
		if o := r.Observed(); o.WouldSaveRequests != 1 {
			t.Errorf("after a minute: %+v", o)
		}
	})
}

func TestWhatMayNotBeSharedIsCountedByWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for reason, s := range map[string]said{
			"status-401": {status: 401}, "status-503": {status: 503}, "status-302": {status: 302},
			"private": {fields: []string{"Cache-Control", "private"}}, "no-store": {fields: []string{"Cache-Control", "no-store"}},
			"vary": {fields: []string{"Vary", "*"}}, "stream": {fields: []string{"Content-Type", "text/event-stream"}},
			"too-large": {body: "more than that"}, "content-encoding": {body: "x", fields: []string{"Content-Encoding", "gzip"}},
		} {
			r := newRig(t, Limits{Body: 8}, nil)
			for range 2 {
				r.ask("/x", nil, Client{}, 0, 0, func() said { return s })
			}
			if o := r.settled(); o.Unshareable[reason] != 2 || len(o.Unshareable) != 1 || o.WouldSaveRequests != 0 {
				t.Errorf("%s: %+v", reason, o)
			}
		}
		r := newRig(t, Limits{}, nil)
		r.ask("/x", nil, Client{}, 11*time.Second, 0, same)
		if o := r.Observed(); o.Unshareable["endless"] != 1 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAWriteWouldCostAPoll(t *testing.T) {
	for name, write := range map[string]func(r *rig){
		"own":       func(r *rig) { r.Written(parse(r.t, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")) },
		"everybody": func(r *rig) { r.Outdate() },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, nil)
			r.get("a", "x")
			r.Written(parse(t, "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))
			r.get("a", "x")
			write(r)
			r.get("a", "x")
			r.get("a", "x")
			if o := r.Observed(); o.Requests != 4 || o.WouldSaveRequests != 2 {
				t.Errorf("%s: %+v", name, o)
			}
		})
	}
}

func TestTheOriginIsObeyed(t *testing.T) {
	const everybody, session = "a", "a-session-of-one-user"
	for _, c := range []struct {
		user, said string
		saved      int64
	}{
		{everybody, "max-age=60", 5},
		{everybody, "max-age=1, s-maxage=60", 5},
		{session, "max-age=60, s-maxage=1", 5}, // no shared cache has it
		{session, "max-age=1, s-maxage=60", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Limits{}, func(r *config.Route) {
				if c.user == session {
					r.Share = config.ShareAuto
				}
			})
			r.get(c.user, "x", "Cache-Control", c.said)
			for range 5 {
				time.Sleep(11 * time.Second)
				r.get(c.user, "x", "Cache-Control", c.said)
			}
			time.Sleep(11 * time.Second)
			r.get(c.user, "x")
			if o := r.Observed(); o.WouldSaveRequests != c.saved {
				t.Errorf("%s, %s: %+v", c.user, c.said, o)
			}
		})
	}
}

func TestARequestThatFailsIsNoPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		look := r.Begin(parse(t, "GET /x HTTP/1.1\r\nHost: a"), ask(), Client{}, time.Now())
		look.Failed(time.Now())
		r.get("a", "x")
		r.get("a", "x")
		if o := r.Observed(); o.Requests != 3 || o.WouldSaveRequests != 1 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAHeadWouldBeAnsweredFromASnapshotAndNeverPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		head := func() {
			look := r.Begin(parse(t, "HEAD /x HTTP/1.1\r\nHost: a"), ask(), Client{}, time.Now())
			r.read(look, said{})
		}
		head()
		r.get("a", "x")
		head()
		if o := r.Observed(); o.Requests != 3 || o.WouldSaveRequests != 1 || o.Compared != 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestWhatAnAnswerDependsOnBecomesPartOfTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		for range 20 {
			for _, language := range []string{"de", "en"} {
				r.ask("/x", []string{"Accept-Language: " + language}, Client{}, time.Millisecond, 0, func() said {
					return said{body: language, fields: []string{"Vary", "Accept-Language"}}
				})
			}
		}
		if o := r.Observed(); o.Differing != 0 || o.Changed != 0 || o.Same < 30 || o.Resources != 3 {
			t.Errorf("%+v", o)
		}
	})
}

func TestATagStandsForWhatCameWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		notModified := func(tag string) {
			r.ask("/x", []string{"If-None-Match: " + tag}, Client{}, time.Millisecond, 0, func() said { return said{status: 304} })
		}
		r.get("a", "x", "ETag", `"1"`)
		time.Sleep(time.Millisecond)
		notModified(`W/"1"`)
		if o := r.Observed(); o.Compared != 1 || o.Same != 1 || o.WouldSaveBytes != 0 {
			t.Errorf("%+v", o)
		}
		notModified(`"unknown"`)
		notModified(`"1", "2"`) // one of them
		if o := r.Observed(); o.Compared != 1 || o.WouldSaveRequests != 3 {
			t.Errorf("%+v", o)
		}
		r.get("b", "y", "ETag", `"1"`) // it stands for nothing
		notModified(`"1"`)
		if o := r.Observed(); o.Compared != 2 || o.Changed != 1 || o.WouldSaveRequests != 5 {
			t.Errorf("%+v", o)
		}
	})
}

func TestWhatIsKnownHasLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{Resources: 50}, nil)
		for i := range 3000 {
			r.ask(fmt.Sprintf("/%d?p%d=1", i, i), []string{fmt.Sprintf("Cookie: c%d=%d; d%d=1", i, i, i), fmt.Sprintf("X-Junk-%d: 1", i)}, Client{}, 0, 0, same)
		}
		l := r.lenses[0]
		if len(l.resources) > 50 || len(l.places) > 50 || len(l.names) > maxNames || r.observer.room.here.Load() != int64(len(l.resources)) {
			t.Errorf("%d resources, %d places, %d names", len(l.resources), len(l.places), len(l.names))
		}
		for range 200 { // in one resource
			r.get(fmt.Sprint(time.Now().UnixNano()), fmt.Sprint(time.Now().UnixNano()))
			time.Sleep(time.Microsecond)
		}
		lines := []string{}
		for i := range 90 {
			lines = append(lines, fmt.Sprintf("X-%d: 1", i))
		}
		r.ask("/y", append(lines, "Cookie: sid=1"), Client{}, 0, 0, same)
		sid := r.observer.nameHash(cookie, []byte("sid"))
		for _, res := range l.resources {
			if n := len(res.last.fields); n > maxTraits || n == maxTraits && !slices.ContainsFunc(res.last.fields, func(f field) bool { return f.name == sid }) {
				t.Errorf("%d traits, or none of them who is asking", n)
			}
		}
	})
}

func TestInventedNamesDoNotDriveOutWhatSeparates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Limits{}, nil)
		poll := func(user string) {
			r.ask("/x", []string{"Cookie: sid=" + user}, Client{}, time.Millisecond, 0, func() said { return said{body: user} })
		}
		for range 20 {
			poll("a")
			poll("b")
		}
		for i := range 2000 {
			r.ask("/other", []string{fmt.Sprintf("Cookie: junk%d=1", i)}, Client{}, time.Millisecond, 0, same)
		}
		if o := r.Observed(); o.Verdict != ledger.Differs || best(o).Name != "sid" {
			t.Errorf("%+v", o)
		}
	})
}
