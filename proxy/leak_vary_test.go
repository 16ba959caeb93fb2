package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// varying says back what one field of a request said, and that this counts.
func varying(field, vary string) func(*legacy.Request) legacy.Answer {
	return func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Vary": strings.Split(vary, "\n")}, Body: []byte("for " + x.Header.Get(field))}
	}
}

// L-7: each variant is for those whose requests chose it, from the first answer on.
func TestVary(t *testing.T) {
	for _, test := range []struct {
		field, vary string
		alone       bool // who says so at all is passed, always
	}{
		{"X-Unknown", "X-Unknown", false}, {"X-Unknown", "x-unknown", false}, {"X-Unknown", "Accept,\tX-UNKNOWN", false}, {"X-Unknown", "Accept\nX-Unknown", false},
		{"Accept-Language", "Accept-Language", false}, {"User-Agent", "User-Agent", false}, {"Referer", "Referer", false}, {"Sec-CH-UA", "sec-ch-ua", false}, {"Origin", "Origin", false},
		{"Accept", "Accept", false}, {"DNT", "DNT,X-A", false}, {"Authorization", "Authorization", false}, {"Cookie", "Cookie", false}, {"X-Request-Id", "X-Request-ID", false}, {"Save-Data", ",,Save-Data,", false},
		{"X-Unknown", "*", true}, {"User-Agent", "User-Agent, *", true}, {"User-Agent", "*, User-Agent", true}, {"X-Unknown", ",*", true}, {"User-Agent", "User-Agent\n*", true}, {"X-Unknown", "*\n*", true},
		{"X-Unknown", "X Unknown", true}, {"X-Unknown", "\"X-Unknown\"", true}, {"X-Unknown", "(", true},
	} {
		t.Run(test.field+" "+test.vary, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "interval: 1h", "stale_if_error: 0s")
			r.origin.AnswerFunc(varying(test.field, test.vary))
			for range 3 {
				var clients sync.WaitGroup
				for i := range 24 {
					clients.Go(func() {
						value := fmt.Sprintf("text/variant-%d", i%4)
						a, err := r.try("GET", "/x", "", test.field, value)
						if err != nil || a.StatusCode != 200 || a.body != "for "+value {
							t.Errorf("%s got %q, %v", value, a.body, err)
						}
					})
				}
				clients.Wait()
			}
			s := r.stats()
			if test.alone && s.SavedRequestsMeasured != 0 {
				t.Errorf("%d answers were shared", s.SavedRequestsMeasured)
			}
			// One that nobody knew of costs everybody a second request at first.
			if most := 2*24 + 4; !test.alone && r.polls() > most || s.SavedRequestsMeasured == 0 && !test.alone {
				t.Errorf("the origin got %d requests, %d were saved", r.polls(), s.SavedRequestsMeasured)
			}
		})
	}
}

// An answer that may not be shared is given to whoever caused the poll only if it
// is the one that its own request would have got.
func TestAnAnswerForOneIsTheOneThatItsRequestAskedFor(t *testing.T) {
	for vary, polls := range map[string]int{"Accept-Language": 2, "*, Accept-Language": 2, "*": 1, "Accept-Encoding, Cookie, X-A": 1, "": 1} {
		r := newRig(t, "interval: 1h")
		r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
			a := varying("Accept-Language", vary)(x)
			a.Header.Set("Set-Cookie", "sid=1")
			return a
		})
		want := "for de"
		if polls == 1 {
			want = "for " // as far as the origin says, it does not matter
		}
		if a := r.get("/x", "Accept-Language", "de"); a.body != want || r.polls() != polls {
			t.Errorf("Vary: %s: %q after %d requests", vary, a.body, r.polls())
		}
	}
}

// What an origin tells of a client's way to it, and may have believed, is told
// to nobody else.
func TestAForwardingFieldThatAnOriginLooksAtIsBelievedOfTrustedPeersOnly(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		for _, field := range []string{"X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "True-Client-IP"} {
			lines := []string{"interval: 1h"}
			if trusted {
				lines = append(lines, "trusted_proxies: [127.0.0.0/8]")
			}
			r := newRig(t, lines...)
			r.origin.AnswerFunc(varying(field, field))
			for range 2 {
				for i := range 4 {
					want, value := "for ", fmt.Sprintf("192.0.2.%d", i)
					if trusted {
						want += value
					}
					if a := r.get("/x", field, value); a.body != want {
						t.Errorf("%s of %s, trusted %v: %q", field, value, trusted, a.body)
					}
				}
			}
		}
	}
}

// L-21: who may read an answer is said to whoever asked from there.
func TestCORS(t *testing.T) {
	for name, lines := range map[string][]string{"an origin that says Vary": {"Vary", "Origin"}, "one that does not": {"X-A", "1"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 10ms")
			r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				h := http.Header{lines[0]: {lines[1]}, "Content-Type": {"application/json"}}
				if o := x.Header.Get("Origin"); o != "" {
					h.Set("Access-Control-Allow-Origin", o)
				}
				return legacy.Answer{Header: h, Body: []byte(`{"v":1}`)}
			})
			var clients sync.WaitGroup
			for _, site := range []string{"https://a.example", "https://b.example", "null", ""} {
				for _, accept := range []string{"*/*", "text/event-stream", "application/x-ndjson", "multipart/mixed"} {
					fields := []string{"Accept", accept}
					if site != "" {
						fields = append(fields, "Origin", site)
					}
					for range 3 {
						clients.Go(func() {
							resp, err := r.head("/x", fields...)
							if err != nil || resp.Header.Get("Access-Control-Allow-Origin") != site || site != "" && !strings.Contains(resp.Header.Get("Vary"), "Origin") {
								t.Errorf("%s, %s: %v, %v", site, accept, resp, err)
							}
						})
					}
				}
			}
			clients.Wait()
		})
	}
}

// L-16: a condition is answered from the snapshot, and never sent on.
func TestConditional(t *testing.T) {
	r := newRig(t, "interval: 1h")
	const modified = "Mon, 01 Jan 2024 00:00:00 GMT"
	r.body("v", "ETag", `"a,b"`, "Last-Modified", modified, "Content-Location", "/y", "Expires", "x", "X-Other", "1", "Cache-Control", "max-age=5", "Date", modified)
	for _, test := range []struct {
		status int
		fields []string
	}{
		{304, []string{"If-None-Match", `"a,b"`}}, {304, []string{"If-None-Match", `W/"a,b"`}}, {304, []string{"If-None-Match", `"x", "a,b"`}}, {304, []string{"If-None-Match", "*"}},
		{304, []string{"If-None-Match", `"x"`, "If-None-Match", `"a,b"`}}, {304, []string{"If-None-Match", strings.Repeat(`"x", `, 1000) + `W/"a,b"`}}, {304, []string{"If-None-Match", ` "a,b" `}},
		{200, []string{"If-None-Match", `"a"`}}, {200, []string{"If-None-Match", `a,b`}}, {200, []string{"If-None-Match", `"a,b`}}, {200, []string{"If-None-Match", ""}}, {200, []string{"If-None-Match", `w/"a,b"`}},
		{200, []string{"If-None-Match", `"A,B"`}}, {200, []string{"If-None-Match", `"\"a,b\""`}}, {200, []string{"If-None-Match", `"**"`}},
		{304, []string{"If-Modified-Since", modified}}, {304, []string{"If-Modified-Since", "Fri, 31 Dec 2038 23:59:59 GMT"}}, {304, []string{"If-Modified-Since", "Monday, 01-Jan-24 00:00:00 GMT"}},
		{200, []string{"If-Modified-Since", "Sun, 31 Dec 2023 23:59:59 GMT"}}, {200, []string{"If-Modified-Since", "yesterday"}}, {200, []string{"If-Modified-Since", ""}},
		{200, []string{"If-None-Match", `"x"`, "If-Modified-Since", modified}}, {304, []string{"If-None-Match", `"a,b"`, "If-Modified-Since", "Sun, 31 Dec 2023 23:59:59 GMT"}},
	} {
		a := r.get("/x", test.fields...)
		if a.StatusCode != test.status || test.status == 304 && a.body != "" {
			t.Errorf("%.80q: %d %q", test.fields, a.StatusCode, a.body)
		}
		for _, name := range []string{"ETag", "Cache-Control", "Date", "Vary", "Content-Location", "Expires"} {
			if a.Header.Get(name) == "" {
				t.Errorf("%.80q: no %s", test.fields, name)
			}
		}
		for _, name := range []string{"Content-Length", "Content-Type", "X-Other"} {
			if test.status == 304 && a.Header.Get(name) != "" {
				t.Errorf("%.80q: a 304 with %s", test.fields, name)
			}
		}
	}
	if n := r.polls(); n != 1 || strings.Contains(string(r.requestsTo("/x")[0].Head), "If-") {
		t.Errorf("%d requests", n)
	}
}
