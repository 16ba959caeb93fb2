package proxy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestARefreshReachesWhatItNames(t *testing.T) {
	r := newRig(t, "interval: 1h", "key: {sort_query: true}")
	all := []string{"/", "/a", "/a?x=1", "/a?x=1&y=2", "/a?", "/a/b", "/a/b/c", "/a%20b", "/a*b", "/A", "/%61"}
	for _, target := range all {
		r.get(target)
	}
	r.get("/a?_=123") // is /a
	for names, want := range map[string]string{
		"/":               "/",
		"/a":              "/a /a?x=1 /a?x=1&y=2 /a?", // with any query
		"/a?x=1":          "/a?x=1",
		"/a?x=1&y=2":      "/a?x=1&y=2",
		"/a?y=2&x=1":      "", // not as the key has it
		"/a?":             "/a?",
		"/a?z=1":          "",
		"/a?x=*":          "",
		"/a%20b":          "/a%20b",
		"/a%2520b":        "",
		"/%61":            "/%61", // nothing is decoded
		"/*":              "/ /a /a?x=1 /a?x=1&y=2 /a? /a%20b /a*b /A /%61",
		"/a/*":            "/a/b",
		"/a/**":           "/a /a?x=1 /a?x=1&y=2 /a? /a/b /a/b/c",
		"/**/c":           "/a/b/c",
		"/**":             strings.Join(all, " "),
		"/a /a /A":        "/a /a?x=1 /a?x=1&y=2 /a? /A", // each once
		"/a /a?x=1 /a/**": "/a /a?x=1 /a?x=1&y=2 /a? /a/b /a/b/c",
		"/b /c":           "",
		"//":              "",
	} {
		if n, want := r.refresh(strings.Fields(names)...), strings.Fields(want); n != len(want) {
			t.Errorf("%s: %d feeds, want %d: %q", names, n, len(want), want)
		} else {
			r.wantOutdated(names, all, want)
		}
	}
}

// wantOutdated fails unless exactly those of all targets are not known any more,
// and makes them known again.
func (r *rig) wantOutdated(what string, all, want []string) {
	r.t.Helper()
	for _, target := range all {
		if outdated := !r.known(target); outdated != slices.Contains(want, target) {
			r.t.Errorf("%s: %s is outdated: %v", what, target, outdated)
		}
	}
}

func TestARefreshCountsWhatEachNameStandsFor(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for _, target := range []string{"/a", "/a?x=1", "/a/b", "/c"} {
		r.get(target)
	}
	n, each, err := r.proxy.Refresh([]string{"/a", "/a?x=1", "/a/**", "/none", "/a"}, []string{"all", "all"})
	if want := []int{2, 1, 3, 0, 2, 4, 4}; err != nil || n != 4 || !slices.Equal(each, want) {
		t.Errorf("%d feeds, %v, %v; want 4, %v", n, each, err, want)
	}
}

func TestWhatARefreshCannotNameIsTold(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/a")
	many := func(n int, path string) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprint(path, i))
		}
		return all
	}
	wild := many(maxPatterns+1, "/**/")
	for want, paths := range map[string][]string{
		`"/a b" contains a character that no raw path has; write it percent-encoded`:                            {"/a", "/a b"},
		`"/é" contains a character that no raw path has; write it percent-encoded`:                              {"/é"},
		`"/a?x=é" contains a character that no raw query has; write it percent-encoded`:                         {"/a?x=é"},
		`"/a?x=1#y" contains a character that no raw query has; write it percent-encoded`:                       {"/a?x=1#y"},
		`"/a#y" contains a query or fragment; a pattern matches the path only`:                                  {"/a#y"},
		`"/a/*?x=1" has wildcards and a query; a path with a query names one URL`:                               {"/a/*?x=1"},
		`"/a*" mixes "*" with other characters in one segment; "*" is a whole segment, "**" any number of them`: {"/a*"},
		`"/**/**" contains "**" more than once; it may stand once in a pattern`:                                 {"/**/**"},
		`"a" does not begin with "/"; write a pattern such as /api/**`:                                          {"a"},
		fmt.Sprintf("more than %d paths have wildcards; name these in several requests", maxPatterns):           wild,
		fmt.Sprintf("%d paths and routes are too many; name at most %d at once", maxSelected+1, maxSelected):    many(maxSelected+1, "/a"),
	} {
		if n, _, err := r.proxy.Refresh(paths, nil); n != 0 || err == nil || err.Error() != want {
			t.Errorf("%.100q: %d, %v; want %s", paths, n, err, want)
		}
	}
	if _, _, err := r.proxy.Refresh(nil, []string{"all", "/a"}); err == nil || err.Error() != `there is no route "/a"; /api/stats lists them` {
		t.Errorf("got %v", err)
	}
	if !r.known("/a") {
		t.Error("it was refreshed all the same")
	}
	if n := r.refresh(append(many(maxSelected-maxPatterns, "/a"), wild[1:]...)...); n != 0 {
		t.Errorf("%d feeds", n)
	}
}

func TestARefreshOfAnObservedRouteFindsNoFeeds(t *testing.T) {
	r := newRig(t, "interval: 1h", "mode: observe")
	r.get("/a")
	if n, _, err := r.proxy.Refresh([]string{"/a", "/**"}, []string{"all"}); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func BenchmarkRefreshOfManyPaths(b *testing.B) {
	r := newRig(b, "interval: 1h")
	var paths, targets []string
	for i := range maxSelected {
		paths, targets = append(paths, fmt.Sprint("/api/items/", i)), append(targets, fmt.Sprint("example.com/api/items/", i, "?full=1"))
	}
	for i := range maxPatterns {
		paths[i] = fmt.Sprintf("/**/items/%d/*", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := r.proxy.rules.Load().selected(paths, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, target := range targets {
			s.takes("all", target)
		}
	}
}
