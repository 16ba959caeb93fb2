package accesslog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// patterns places paths and returns the patterns, in order.
func patterns(t *tree, paths ...string) (found []string) {
	for _, path := range paths {
		e := t.place(&request{path: []byte(path), status: 200})
		e.requests++
	}
	t.all(func(e *endpoint) { found = append(found, e.pattern) })
	slices.Sort(found)
	return found
}

func TestSegmentsThatNameOneThingAmongManyAreAnything(t *testing.T) {
	for path, want := range map[string]string{
		"/":                "/",
		"/api/scores/live": "/api/scores/live",
		"/api/v2/scores/":  "/api/v2/scores/",
		"/users/17":        "/users/*",
		"/users/17/inbox":  "/users/*/inbox",
		"/o/6f1ed002-ab5d-4d0e-8b1c-2a3f4b5c6d7e": "/o/*",
		"/sha/da39a3ee5e6b4b0d3255bfef":           "/sha/*",
		"/news/2026-03-02/x":                      "/news/*/x",
		"/t/order-8837152":                        "/t/*",
		"/mp3/hls":                                "/mp3/hls",
		"/scores.json":                            "/scores.json",
		"/a*b/c":                                  "/*/c",
		"/\xff\x01/c":                             "/*/c",
		"/café":                                   "/*",
		"//x":                                     "//x",
		"/1/2/3/4/5/6/7/8/9/10/11":                "/*/*/*/*/*/*/*/*/**",
		"/room7/messages":                         "/room7/messages",
	} {
		if got := patterns(newTree(10), path); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestTooManyNamesAreAnythingButThoseThatManyPollStay(t *testing.T) {
	tree := newTree(maxEndpoints)
	scores := tree.place(&request{path: []byte("/scores/live"), status: 200})
	for client := range 50 {
		for range 10 {
			scores.add(&request{client: uint64(client)})
		}
	}
	var all []string
	for i := range 3 * maxChildren {
		all = append(all, fmt.Sprintf("/%s/profile", name(i)))
	}
	got := patterns(tree, all...)
	if !slices.Equal(got, []string{"/*/profile", "/scores/live"}) {
		t.Errorf("%d: %.200q", len(got), got)
	}
	if e := tree.place(&request{path: []byte("/" + name(5) + "/profile"), status: 200}).root(); e.requests != 3*maxChildren {
		t.Errorf("%+v", e)
	}
}

// name is a word without numbers.
func name(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprintf("%05d", i))
}

func TestThereAreNoMoreEndpointsThanMayBe(t *testing.T) {
	tree := newTree(20)
	for i := range 500 {
		tree.place(&request{path: []byte("/" + name(i) + "/" + name(i*7) + "/x"), status: 200}).requests++
	}
	n := 0
	tree.all(func(*endpoint) { n++ })
	if n > 21 || tree.lost == 0 || tree.rest[0].requests != tree.lost {
		t.Errorf("%d endpoints, %d had no room", n, tree.lost)
	}
	if tree := newTree(20); tree.place(&request{path: []byte("/wp-login.php"), status: 404}) != tree.rest[0] || tree.place(&request{path: []byte("*"), status: 200}) != tree.rest[0] {
		t.Error("strangers make endpoints")
	}
}

func TestWhatIsNotThereAndPolledHasAnEndpoint(t *testing.T) {
	var s script
	for i := range 20 {
		s.ask(time.Duration(i)*5*time.Second, "10.0.0.1", "GET", "/api/next-match", 404)
	}
	e := analyzed(t, []byte(s.String()), format, Options{}).endpoint(t, "/api/next-match")
	if e.Requests != 17 || e.Polls != 17 {
		t.Errorf("%+v", e)
	}
}

func TestSketchesCountWithinSomePercentAndAddUp(t *testing.T) {
	for _, n := range []int{0, 5, exactly, exactly + 1, 1000, 100_000} {
		var a, b sketch
		for i := range n {
			a.add(mix(uint64(i), 3))
			if i%2 == 0 {
				b.add(mix(uint64(i), 3))
			}
		}
		b.merge(&a)
		for _, got := range []int64{a.count(), b.count()} {
			if off := float64(got - int64(n)); off > 0.08*float64(n) || off < -0.08*float64(n) {
				t.Errorf("%d of %d", got, n)
			}
		}
	}
}
