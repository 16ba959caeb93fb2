package feed

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// Times in a bubble's first minute.
const (
	bubbleStart = "Sat, 01 Jan 2000 00:00:00 GMT"
	bubble20    = "Sat, 01 Jan 2000 00:00:20 GMT"
	bubble30    = "Sat, 01 Jan 2000 00:00:30 GMT"
)

// headOf is an answer of these field lines.
func headOf(status int, lines ...string) *origin.Response {
	resp := &origin.Response{Status: status}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		resp.Header = append(resp.Header, origin.Field{Name: name, Value: strings.TrimSpace(value)})
	}
	return resp
}

func TestHowLongAnAnswerIsFreshDependsOnWhoItIsFor(t *testing.T) {
	const expires = "Expires: " + bubble20
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lines                     string
		everybody, group, oneUser int // seconds
	}{
		{"", 0, 0, 0},
		{"Cache-Control: max-age=30", 30, 30, 30},
		{"Cache-Control: s-maxage=5", 5, 5, 0},
		{"Cache-Control: max-age=30, s-maxage=5", 5, 5, 30},
		{"Cache-Control: max-age=30\ncache-control: S-MaxAge=5", 5, 5, 30},
		{"Cache-Control: max-age=0, s-maxage=60", 60, 60, 0},
		{"Cache-Control: max-age=30, s-maxage=0", 0, 0, 30},
		{"Cache-Control: max-age=30, s-maxage=5, private", 30, 30, 30},
		{`Cache-Control: max-age=30, s-maxage=5, private="X-Own"`, 5, 5, 30},
		{"Cache-Control: private, s-maxage=5", 0, 0, 0},
		{"Cache-Control: max-age=30, public, must-revalidate", 30, 30, 30},

		// Of two, the shorter; or else the first.
		{"Cache-Control: max-age=30, max-age=10", 10, 10, 10},
		{"Cache-Control: max-age=10\nCache-Control: max-age=30", 10, 10, 10},
		{"Cache-Control: max-age=10, max-age=x", 10, 10, 10},
		{"Cache-Control: max-age=x, max-age=10", 0, 0, 0},

		// What cannot be read is over.
		{"Cache-Control: max-age", 0, 0, 0},
		{"Cache-Control: max-age=", 0, 0, 0},
		{"Cache-Control: max-age=-1", 0, 0, 0},
		{"Cache-Control: max-age=1.5", 0, 0, 0},
		{"Cache-Control: max-age=x, s-maxage=5", 5, 5, 0},
		{"Cache-Control: max-age=5, s-maxage=x", 0, 0, 5},
		{`Cache-Control: max-age="30"`, 30, 30, 30},
		{"Cache-Control: max-age=99999999999", 3600, 3600, 3600},
		{`Cache-Control: max-age=30, "`, 0, 0, 0},

		// The strictest counts.
		{"Cache-Control: max-age=30, no-cache", 0, 0, 0},
		{`Cache-Control: max-age=30, no-cache="X-Own"`, 30, 30, 30},
		{"Cache-Control: max-age=30, no-store", 0, 0, 0},
		{"Cache-Control: no-cache, s-maxage=30", 0, 0, 0},

		{expires, 20, 20, 20},
		{expires + "\nCache-Control: public", 20, 20, 20},
		{expires + "\nCache-Control: max-age=30", 30, 30, 30},
		{expires + "\nCache-Control: max-age=0", 0, 0, 0},
		{expires + "\nCache-Control: max-age=x", 0, 0, 0},
		{expires + "\nCache-Control: max-age", 0, 0, 0},
		{expires + "\nCache-Control: s-maxage=5", 5, 5, 20}, // section 5.3: a shared cache must ignore it
		{expires + "\nCache-Control: s-maxage", 0, 0, 20},
		{expires + "\nCache-Control: no-cache", 0, 0, 0},
		{expires + "\nCache-Control: no-cache=X-Own", 20, 20, 20},
		{expires + "\nCache-Control: no-store", 0, 0, 0},
		{expires + "\nCache-Control: a b", 0, 0, 0},
		{expires + "\nAge: 5", 15, 15, 15},
		{expires + "\nPragma: no-cache", 20, 20, 20}, // says nothing in an answer (section 5.4)
		{expires + "\n" + expires, 0, 0, 0},
		{"Expires: 0", 0, 0, 0},
		{"Expires: -1", 0, 0, 0},
		{"Expires:", 0, 0, 0},
		{"Expires: " + bubbleStart, 0, 0, 0},
	} {
		lines := append(strings.Split(c.lines, "\n"), "Date: "+bubbleStart)
		for to, want := range map[share.Audience]int{share.Everybody: c.everybody, share.Identified: c.group, share.OneUser: c.oneUser} {
			if got := floor(headOf(200, lines...), to, now); got != time.Duration(want)*time.Second {
				t.Errorf("%q for %d: %v, want %ds", c.lines, to, got, want)
			}
			if got := floor(headOf(503, lines...), to, now); got != 0 {
				t.Errorf("%q: a failure keeps the feed from being polled for %v", c.lines, got)
			}
		}
	}
}

func TestTheWholeHostIsLeftAlone(t *testing.T) {
	for want, resp := range map[time.Duration]*origin.Response{
		7 * time.Second: headOf(503, "Retry-After: 7", "Cache-Control: max-age=60"),
		2 * time.Second: headOf(429, "Retry-After: 1", "Retry-After: 2"),
		time.Hour:       headOf(429, "Retry-After: 86400"),
		0:               headOf(500, "Retry-After: 7"),
	} {
		if got := hostFloor(resp, time.Now()); got != want {
			t.Errorf("%+v: %v, want %v", resp, got, want)
		}
	}
	if got := hostFloor(nil, time.Now()); got != 0 {
		t.Errorf("an origin that says nothing is left alone for %v", got)
	}
}

// RFC 9111 sections 3.2 and 4.3.4.
func TestA304ThatDoesNotSayHowLongItIsFreshLeavesIt(t *testing.T) {
	for _, c := range []struct {
		first, then []string
		want        []time.Duration
	}{
		{[]string{"Cache-Control", "max-age=10"}, nil, []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second}},
		{[]string{"Cache-Control", "max-age=10"}, []string{"Cache-Control", "max-age=20"}, []time.Duration{0, 10 * time.Second, 30 * time.Second}},
		{[]string{"X-Poll-Interval", "10"}, []string{"Cache-Control", "max-age=15"}, []time.Duration{0, 10 * time.Second, 25 * time.Second}},
		{[]string{"Cache-Control", "max-age=10", "Expires", "0"}, []string{"Expires", bubble30}, []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second}},
		{[]string{"Expires", bubble20, "Date", bubbleStart}, []string{"Date", "Sat, 01 Jan 2000 00:00:15 GMT"}, []time.Duration{0, 20 * time.Second, 25 * time.Second, 30 * time.Second}},
		{[]string{"Retry-After", "29"}, nil, []time.Duration{0, 29 * time.Second, 30 * time.Second}},
	} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.origin.answers(func(p *poll) *origin.Response {
				if p.n == 1 {
					return response(200, "v1", append(c.first, "ETag", `"a"`)...)
				}
				return response(304, "", c.then...)
			})
			defer leave(r.subscribe("/x"))
			time.Sleep(30 * time.Second)
			synctest.Wait()
			if got := r.origin.begins(r.begin); !slices.Equal(got, c.want) {
				t.Errorf("%q, then %q: polled at %v, want %v", c.first, c.then, got, c.want)
			}
		})
	}
}

func TestANewAnswerSaysAnewHowLongItIsFresh(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response {
			return []*origin.Response{
				response(200, "v1", "ETag", `"a"`, "Cache-Control", "max-age=10"),
				response(200, "v1", "ETag", `"a"`),
				response(304, ""),
			}[min(p.n-1, 2)]
		})
		defer leave(r.subscribe("/x"))
		time.Sleep(14*time.Second - 1)
		want := []time.Duration{0, 10 * time.Second, 11 * time.Second, 12 * time.Second, 13 * time.Second}
		if got := r.origin.begins(r.begin); !slices.Equal(got, want) {
			t.Errorf("polled at %v, want %v", got, want)
		}
	})
}

func TestExpiresOnTheWireKeepsAFeedFromBeingPolled(t *testing.T) {
	inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
		w.says(200, "v1", 2, "Date", bubbleStart, "eXPIRES", bubble20)
		f := r.acquire("/x")
		defer f.Release()
		for range 20 {
			r.want(get(f, KeepNone), "v1")
			time.Sleep(time.Second)
		}
		if n := w.count(); n != 1 {
			t.Errorf("%d polls", n)
		}
		w.says(200, "v2", 2, "Date", bubble20, "Expires", bubble20, "Expires", bubble30)
		r.want(get(f, KeepNone), "v2")
		time.Sleep(time.Second)
		w.says(200, "v3", 2, "Cache-Control", "no-cache", "Expires", bubble30)
		r.want(get(f, KeepNone), "v3")
		time.Sleep(time.Second)
		w.says(200, "v4", 2)
		r.want(get(f, KeepNone), "v4")
	})
}

// FuzzHints holds whatever an origin may say to its bounds.
func FuzzHints(f *testing.F) {
	f.Add(200, "Cache-Control: max-age=30, no-cache=\"a\nExpires: 0\nExpires: "+bubble20)
	f.Add(503, "Retry-After: 1.5\nretry-after: "+bubble20+"\nDate: "+bubbleStart+"\nAge: 5, 6")
	f.Add(304, "X-Poll-Interval: 0.5\nCache-Control: s-maxage=99999999999, private\nAge: -1")
	f.Fuzz(func(t *testing.T, status int, lines string) {
		now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		resp := headOf(status, strings.Split(lines, "\n")...)
		host := hostFloor(resp, now)
		for _, to := range []share.Audience{share.Everybody, share.Identified, share.OneUser} {
			if got := floor(resp, to, now); got < 0 || got > time.Hour || host < 0 || host > got {
				t.Fatalf("%d, %q: %v, %v of the host", status, lines, got, host)
			}
		}
	})
}
