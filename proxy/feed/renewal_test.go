package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// fields are what an update says besides its body, as "Name: value" lines.
func fields(u *upgrade.Update) string {
	var lines []string
	for _, f := range u.Header {
		lines = append(lines, f.Name+": "+f.Value)
	}
	return strings.Join(lines, "\n")
}

// RFC 9111 section 3.2.
func TestWhatA304SaysTakesThePlaceOfWhatTheAnswerSaid(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "ETag", `"a"`, "Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT",
			"X-Kept", "1", "X-A", "1", "X-A", "2", "Link", "</old>", "Content-Type", "text/plain")
		f := r.acquire("/x")
		defer f.Release()
		first := r.want(get(f, KeepNone), "v1")
		time.Sleep(time.Second)
		r.origin.says(304, "", "ETag", `"b"`, "Last-Modified", "Tue, 02 Jan 2024 00:00:00 GMT", "x-a", "3", "Link", "</new>", "X-New", "4",
			"Content-Type", "text/html", "Content-Length", "0", "Content-Encoding", "gzip", "Connection", "X-Hop", "X-Hop", "5")
		u := r.want(get(f, KeepNone), "v1")
		if got, want := fields(u), "X-Kept: 1\nx-a: 3\nLink: </new>\nX-New: 4"; got != want {
			t.Errorf("it says\n%s\nwant\n%s", got, want)
		}
		if u.LastModified != "Tue, 02 Jan 2024 00:00:00 GMT" || u.Type != "text/plain" || u.ETag != first.ETag || u.Version != first.Version {
			t.Errorf("%+v", u)
		}
		if !strings.Contains(fields(first), "X-A: 1\nX-A: 2\nLink: </old>") {
			t.Error("an update has changed")
		}
		time.Sleep(time.Second)
		r.origin.says(304, "")
		if got := fields(r.want(get(f, KeepNone), "v1")); !strings.Contains(got, "X-New: 4") {
			t.Errorf("a 304 that says nothing leaves %q", got)
		}
	})
}

func TestAnEqualAnswerIsTheSameVersionWithItsNewFields(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "X-Request-Id", "1", "X-Gone", "1", "Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
		w := r.watch("/x")
		w.after(time.Second)
		first := w.feed.Latest().Update
		r.origin.says(200, "v1", "X-Request-Id", "2")
		if n := w.after(2 * time.Second); n != 0 {
			t.Errorf("woken %d times", n)
		}
		u := w.feed.Latest().Update
		if got := fields(u) + fmt.Sprint(u.LastModified); got != "X-Request-Id: 2" || u.Version != first.Version || u.ETag != first.ETag {
			t.Errorf("it says %q: %+v", got, u)
		}
		leave(w.feed)
	})
}

// Its fields may describe what is ignored, which stays as it was.
func TestAnAnswerThatDiffersInWhatIsIgnoredKeepsItsFields(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Ignore = []Pointer{{"now"}}
		r.origin.says(200, `{"now":1}`, "Content-Digest", "one")
		r.get("/x")
		time.Sleep(time.Second)
		r.origin.says(200, `{"now":2}`, "Content-Digest", "two")
		if got := fields(r.want(r.get("/x"), `{"now":1}`)); got != "Content-Digest: one" {
			t.Errorf("it says %q", got)
		}
	})
}

// RFC 9111 sections 1.2.2 and 5.1.
func TestAgeIsTheFirstNumberOfItsField(t *testing.T) {
	for lines, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "7, 0": 7 * time.Second, "7 ,old": 7 * time.Second, "7\n0": 7 * time.Second,
		"old, 7": 0, "-7": 0, "7.5": 0, "7s": 0, "99999999999": (1<<31 - 1) * time.Second,
	} {
		var fields []string
		for line := range strings.SplitSeq(lines, "\n") {
			fields = append(fields, "Age", line)
		}
		resp := response(200, "v1", append(fields, "Cache-Control", "max-age=10")...)
		if got := ageOf(resp.Header); got != want {
			t.Errorf("%q: %v, want %v", lines, got, want)
		}
		if got, want := floor(resp, share.Everybody, time.Now()), max(10*time.Second-want, 0); got != want {
			t.Errorf("%q: not asked for %v, want %v", lines, got, want)
		}
	}
}
