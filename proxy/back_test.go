package proxy

import "testing"

// TestAnOriginThatGoesBackIsFollowed: what it says now is what counts, but
// nobody who has seen the later version may be told that nothing changed.
func TestAnOriginThatGoesBackIsFollowed(t *testing.T) {
	const early, late, later = "Sat, 01 Jan 2000 00:00:00 GMT", "Sun, 02 Jan 2000 00:00:00 GMT", "Mon, 03 Jan 2000 00:00:00 GMT"
	r := newRig(t, "interval: 10ms")
	r.body(`{"v":2}`, "Last-Modified", late, "ETag", `"2"`)
	s := r.stream("/x", "text/event-stream")
	wants := func(body string) {
		t.Helper()
		if got := s.data(); got != "data: "+body {
			t.Fatalf("got %q, want %s", got, body)
		}
	}
	wants(`{"v":2}`)
	r.get("/x", "If-Modified-Since", late).want(t, 304, "")
	r.body(`{"v":1}`, "Last-Modified", early, "ETag", `"1"`)
	wants(`{"v":1}`)
	polls := r.polls()
	r.eventually("it is said again", func() bool { return r.polls() > polls+2 })
	r.get("/x", "If-Modified-Since", late).want(t, 200, `{"v":1}`)
	r.get("/x", "If-None-Match", `"2"`, "If-Modified-Since", late).want(t, 200, `{"v":1}`)
	r.get("/x", "If-None-Match", `"1"`).want(t, 304, "")
	r.body(`{"v":2}`, "Last-Modified", late, "ETag", `"2"`)
	wants(`{"v":2}`)
	r.get("/x", "If-Modified-Since", late).want(t, 304, "")
	r.body(`{"v":3}`, "Last-Modified", later, "ETag", `"3"`)
	wants(`{"v":3}`)
	r.get("/x", "If-Modified-Since", late).want(t, 200, `{"v":3}`)
}
