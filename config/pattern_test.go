package config_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
)

func TestAPatternMatchesSegmentBySegment(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		yes, no []string
	}{
		{"/", []string{"/"}, []string{"", "//", "/a", "a"}},
		{"/a/b", []string{"/a/b"}, []string{"/a", "/a/b/", "/a/B", "/a//b", "/a%2fb", "/a/%62", "a/b"}},
		{"/a/*", []string{"/a/b", "/a/", "/a/..", "/a/%2F"}, []string{"/a", "/a/b/c", "/a/b/"}},
		{"/*", []string{"/", "/a"}, []string{"", "//", "/a/"}},
		{"/*/b", []string{"/a/b", "//b"}, []string{"/b", "/a/b/"}},
		{"/**", []string{"/", "/a", "/a/b", "//", "/a//b/"}, []string{"", "a", "*"}},
		{"/a/**", []string{"/a", "/a/", "/a/b", "/a/b/c"}, []string{"/", "/ab", "/b/a"}},
		{"/**/z", []string{"/z", "/a/z", "/a/b/z", "/z/z"}, []string{"/", "/az", "/z/", "/z/a"}},
		{"/a/**/z", []string{"/a/z", "/a/b/z", "/a/z/z"}, []string{"/a", "/z", "/a/", "/az"}},
		{"/a/**/*", []string{"/a/", "/a/b", "/a/b/c"}, []string{"/a"}},
		{"/a/**/*/z", []string{"/a/b/z", "/a/b/c/z", "/a//z"}, []string{"/a/z", "/a"}},
	} {
		p := config.MustPattern(tc.pattern)
		equal(t, "text", p.String(), tc.pattern)
		for _, path := range tc.yes {
			equal(t, tc.pattern+" "+path, p.Match([]byte(path)), true)
		}
		for _, path := range tc.no {
			equal(t, tc.pattern+" "+path, p.Match([]byte(path)), false)
		}
	}
}

func TestTheZeroPatternMatchesAndCoversNothing(t *testing.T) {
	var zero config.Pattern
	for _, path := range []string{"", "/", "/a"} {
		equal(t, path, zero.Match([]byte(path)), false)
	}
	equal(t, "covers", zero.Covers(config.MustPattern("/")), false)
}

func TestAPatternThatCannotMatchIsRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		"":           `"" does not begin with "/"; write a pattern such as /api/**`,
		"a":          `"a" does not begin with "/"; write a pattern such as /api/**`,
		"**":         `"**" does not begin with "/"; write a pattern such as /api/**`,
		"/a?b":       `"/a?b" contains a query or fragment; a pattern matches the path only`,
		"/a#b":       `"/a#b" contains a query or fragment; a pattern matches the path only`,
		"/a b":       `"/a b" contains a character that no raw path has; write it percent-encoded`,
		"/a\x7f":     `"/a\x7f" contains a character that no raw path has; write it percent-encoded`,
		"/a\tb":      `"/a\tb" contains a character that no raw path has; write it percent-encoded`,
		"/caf\u00e9": `"/café" contains a character that no raw path has; write it percent-encoded`,
		"/a*":        `"/a*" mixes "*" with other characters in one segment; "*" is a whole segment, "**" any number of them`,
		"/***":       `"/***" mixes "*" with other characters in one segment; "*" is a whole segment, "**" any number of them`,
		"/**/a/**":   `"/**/a/**" contains "**" more than once; it may stand once in a pattern`,
	} {
		_, err := config.ParsePattern(pattern)
		equal(t, pattern, errorText(err), want)
	}
}

func TestMustPatternPanicsOnWhatParsePatternRefuses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	config.MustPattern("a")
}

func TestAPatternCoversAnother(t *testing.T) {
	for _, tc := range []struct {
		p, q string
		want bool
	}{
		{"/**", "/**", true},
		{"/**", "/a/*/b", true},
		{"/a/**", "/a", true},
		{"/a/**", "/a/**/b", true},
		{"/a/**", "/**", false},
		{"/a/*", "/a/b", true},
		{"/a/*", "/a/**", false},
		{"/a/*", "/a", false},
		{"/a/b", "/a/*", false},
		{"/a/**/z", "/a/*/z", true},
		{"/a/**/z", "/a/**/y/z", true},
		{"/a/**/z", "/a/**", false},
		{"/a", "/a", true},
		{"/a", "/b", false},
	} {
		equal(t, tc.p+" "+tc.q, config.MustPattern(tc.p).Covers(config.MustPattern(tc.q)), tc.want)
	}
}

// TestShortPatternsAgreeWithTheReference tries all patterns of up to three
// segments with all paths of up to four.
func TestShortPatternsAgreeWithTheReference(t *testing.T) {
	var patterns []config.Pattern
	for _, text := range words([]string{"a", "b", "*", "**"}, 3) {
		if p, err := config.ParsePattern(text); err == nil {
			patterns = append(patterns, p)
		}
	}
	paths := words([]string{"a", "b", ""}, 4)
	covered := 0
	for _, q := range patterns {
		matched := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !q.Match([]byte(path)) })
		for _, path := range paths {
			if want := slowMatch(q.String(), path); want != slices.Contains(matched, path) {
				t.Errorf("%v matches %q: want %v", q, path, want)
			}
		}
		for _, p := range patterns {
			if !p.Covers(q) {
				continue
			}
			covered++
			if i := slices.IndexFunc(matched, func(path string) bool { return !p.Match([]byte(path)) }); i >= 0 {
				t.Errorf("%v covers %v, but %q is matched by the latter only", p, q, matched[i])
			}
		}
	}
	if covered < 2*len(patterns) {
		t.Errorf("only %d pairs of %d patterns cover each other: nothing was tried", covered, len(patterns))
	}
}

// words returns all paths of one to n of the segments.
func words(segments []string, n int) []string {
	last, all := []string{""}, []string(nil)
	for range n {
		var next []string
		for _, w := range last {
			for _, s := range segments {
				next = append(next, w+"/"+s)
			}
		}
		last, all = next, append(all, next...)
	}
	return all
}

// slowMatch is Pattern.Match, as plain as it can be said.
func slowMatch(pattern, path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	return slowSegments(strings.Split(pattern[1:], "/"), strings.Split(path[1:], "/"))
}

func slowSegments(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return len(path) == 0
	case pattern[0] == "**":
		for i := range len(path) + 1 {
			if slowSegments(pattern[1:], path[i:]) {
				return true
			}
		}
		return false
	case len(path) == 0:
		return false
	default:
		return (pattern[0] == "*" || pattern[0] == path[0]) && slowSegments(pattern[1:], path[1:])
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	long := bytes.Repeat([]byte("/a"), 1000)
	globs := config.Globs{"_", "utm_*"}
	for _, pattern := range []string{"/a/b", "/*/*", "/**", "/**/a/a/b", "/a/**/*/a"} {
		p := config.MustPattern(pattern)
		allocs := testing.AllocsPerRun(100, func() {
			p.Match(long)
			p.Match([]byte("/a/b"))
			globs.Match("utm_source")
			globs.Match("page")
		})
		equal(t, fmt.Sprintf("allocations of %s", pattern), allocs, 0)
	}
}

func TestAGlobMatchesANameOrItsBeginning(t *testing.T) {
	globs := config.Globs{"_", "utm_*"}
	for name, want := range map[string]bool{
		"_": true, "__": false, "": false, "utm_": true, "utm_source": true, "utm": false, "UTM_source": false, "x_utm_": false,
	} {
		equal(t, name, globs.Match(name), want)
	}
	equal(t, "a star alone", config.Globs{"*"}.Match("anything"), true)
	equal(t, "none", config.Globs(nil).Match(""), false)
}
