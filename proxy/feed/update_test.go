package feed

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

func TestAStrongTagIsKeptAndEverythingElseHashed(t *testing.T) {
	long := `"` + strings.Repeat("x", 200) + `"`
	for tag, kept := range map[string]bool{
		`"a"`: true, `"33a64df551425fcc55e4d42a148795d9f25f89d4"`: true, `"a-b:c;d"`: true,
		`W/"a"`: false, ``: false, `""`: false, `a`: false, `"a`: false, `a"`: false, `"a"b"`: false, `"`: false, long: false,
	} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.origin.says(200, "v1", "ETag", tag, "Content-Type", "text/plain")
			got := r.get("/x").Update.ETag
			if want := upgrade.HashTag(200, "text/plain", []byte("v1")); !kept && got != want || kept && got != tag {
				t.Errorf("%s became %s", tag, got)
			}
		})
	}
}

func TestATagThatStoodForSomethingElseIsNeverGivenAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response { return response(200, fmt.Sprint("v", p.n), "ETag", `"same"`) })
		seen := map[string]string{}
		for range 6 {
			u := r.get("/x").Update
			if body, ok := seen[u.ETag]; ok {
				t.Errorf("%s stands for %s and %s", u.ETag, body, u.Body)
			}
			seen[u.ETag] = string(u.Body)
			time.Sleep(time.Second)
		}
		if seen[`"same"`] != "v1" {
			t.Errorf("the first is not believed: %v", seen)
		}
	})
}

func TestAnUpdateHasWhatTheOriginSaid(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 250 * time.Millisecond
		r.policy.Vary = "Accept, X-Key"
		r.origin.says(203, "v1",
			"Content-Type", "text/plain; charset=utf-8", "Cache-Control", "max-age=1", "cache-control", "public", "Age", "7",
			"Date", "Fri, 31 Dec 1999 23:59:58 GMT", "Last-Modified", "Thu, 30 Dec 1999 00:00:00 GMT", "Vary", "accept, Origin",
			"Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "timeout=5", "Content-Length", "2", "Trailer", "X-T",
			"Link", "<a>", "link", "<b>", "X-Own", "1", "Content-Encoding", "identity", "Access-Control-Allow-Origin", "*")
		u := r.get("/x").Update
		want := &upgrade.Update{
			Version: 1, ETag: u.ETag, ID: u.ID, Status: 203, Type: "text/plain; charset=utf-8",
			Header:       []upgrade.Field{{Name: "Link", Value: "<a>"}, {Name: "link", Value: "<b>"}, {Name: "X-Own", Value: "1"}, {Name: "Access-Control-Allow-Origin", Value: "*"}},
			CacheControl: "max-age=1, public", LastModified: "Thu, 30 Dec 1999 00:00:00 GMT", Date: "Fri, 31 Dec 1999 23:59:58 GMT",
			Vary: "Accept, X-Key, Origin", Polled: r.begin, Received: r.begin.Add(250 * time.Millisecond), Age: 7 * time.Second,
		}
		if got, want := fmt.Sprintf("%+v", *u), fmt.Sprintf("%+v", *want); strings.Split(got, " Taken:")[0] != strings.Replace(strings.Split(want, " Taken:")[0], "Body:[]", fmt.Sprintf("Body:%v", []byte("v1")), 1) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !strings.HasPrefix(u.ID, keyTag("/x\x00")+"-") {
			t.Errorf("the ID %s does not name the key", u.ID)
		}
	})
}

func TestWithoutADateTheAnswersArrivalCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, age := range []string{"", "-1", "x", "1.5"} {
			r.origin.says(200, "v"+age, "Age", age)
			if u := r.get("/x").Update; u.Age != 0 || u.Date != time.Now().UTC().Format(http.TimeFormat) {
				t.Errorf("age %q: %v, %s", age, u.Age, u.Date)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestARenewalMovesAgeAndDateAndKeepsTheRest(t *testing.T) {
	fields := []string{"ETag", `"a"`, "Cache-Control", "public", "X-Own", "1"}
	for name, renewed := range map[string]func(*poll) *origin.Response{
		"304": func(*poll) *origin.Response {
			return response(304, "", "Age", "3", "Date", "then", "Cache-Control", "max-age=1")
		},
		"same": func(*poll) *origin.Response {
			return response(200, "v1", "Age", "3", "Date", "then", "Cache-Control", "max-age=1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.origin.says(200, "v1", fields...)
				first := r.get("/x").Update
				time.Sleep(2 * time.Second)
				r.origin.answers(renewed)
				a := r.get("/x")
				u := a.Update
				if u.Version != first.Version || u.ID != first.ID || u.ETag != `"a"` || &u.Body[0] != &first.Body[0] || !a.Renewal {
					t.Errorf("%+v became %+v", first, u)
				}
				if u.Age != 3*time.Second || u.Date != "then" || u.CacheControl != "max-age=1" || u.Polled.Sub(first.Polled) != 2*time.Second {
					t.Errorf("not renewed: %+v", u)
				}
			})
		})
	}
}

func TestA304WithoutCacheControlKeepsIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "ETag", `"a"`, "Cache-Control", "public")
		r.get("/x")
		time.Sleep(time.Second)
		r.origin.says(304, "")
		if u := r.get("/x").Update; u.CacheControl != "public" {
			t.Errorf("got %q", u.CacheControl)
		}
	})
}

func TestPollsAreConditionalOnTheLastAnswerOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		next := func(status int, fields ...string) string {
			r.origin.says(status, "v"+fmt.Sprint(fields, status), fields...)
			time.Sleep(time.Second)
			r.get("/x")
			return strings.TrimPrefix(r.origin.last().head, "GET /x HTTP/1.1\r\n")
		}
		const day, later = "Fri, 31 Dec 1999 00:00:00 GMT", "Fri, 31 Dec 1999 00:00:01 GMT"
		steps := []struct {
			status int
			fields []string
			want   string // of the poll after it
		}{
			{200, []string{"ETag", `"a"`}, "If-None-Match: \"a\"\r\n\r\n"},
			{200, []string{"ETag", `W/"b"`}, "If-None-Match: W/\"b\"\r\n\r\n"},
			{404, nil, "\r\n"},
			{200, nil, "\r\n"},
			{200, []string{"Last-Modified", day, "Date", later}, "If-Modified-Since: " + day + "\r\n\r\n"},
			{200, []string{"Last-Modified", later, "Date", later}, "\r\n"},
			{200, []string{"Last-Modified", later, "Date", day}, "\r\n"},
			{200, []string{"Last-Modified", day}, "\r\n"},
			{200, []string{"Last-Modified", "yesterday", "Date", day}, "\r\n"},
			{404, []string{"ETag", `"c"`}, "\r\n"},
			{200, []string{"ETag", `"d"`, "Last-Modified", day, "Date", later}, "If-None-Match: \"d\"\r\nIf-Modified-Since: " + day + "\r\n\r\n"},
		}
		next(steps[0].status, steps[0].fields...)
		for i, step := range steps {
			following := steps[(i+1)%len(steps)]
			if got := next(following.status, following.fields...); got != step.want {
				t.Errorf("after %d %v: %q", step.status, step.fields, got)
			}
		}
	})
}
