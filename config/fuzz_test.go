package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

// FuzzParse expects of any bytes a configuration that validates, or problems
// that each name a line of the file in one line of text.
func FuzzParse(f *testing.F) {
	for _, name := range files(f, "*.yaml") {
		addFile(f, filepath.Join(testdata, name))
	}
	addFile(f, example)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.ParseWithEnv("f", data, testEnv)
		if err != nil {
			checkProblems(t, data, problems(t, err))
			equal(t, "configuration", c, nil)
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("parsed, but: %v", err)
		}
		for i, r := range c.Routes {
			if r.Name == "" || !strings.HasPrefix(r.Path.String(), "/") || c.Upstreams[r.Upstream] == nil {
				t.Errorf("route %d is incomplete: %+v", i, r)
			}
		}
	})
}

func addFile(f *testing.F, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
}

func checkProblems(t *testing.T, data []byte, ps config.Problems) {
	breaks := 0
	for _, b := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // those of YAML
		breaks += bytes.Count(data, []byte(b))
	}
	for _, p := range ps {
		if p.File != "f" || p.Line < 1 || p.Line > breaks+1 || p.Text == "" {
			t.Errorf("in %d lines: %+v", breaks+1, p)
		}
		if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("not one line of text: %q", p.String())
		}
	}
}

// FuzzPattern compares Match with a reference, and checks that Covers never
// says too much.
func FuzzPattern(f *testing.F) {
	f.Add("/**", "/a/*", "/a/b")
	f.Add("/a/**/z", "/a/*/**/z", "/a/b/c/z")
	f.Add("/*/b", "/a/b", "//b")
	f.Add("/a%2f/**", "/a%2f", "/a%2F")
	f.Fuzz(func(t *testing.T, p, q, path string) {
		pattern, err := config.ParsePattern(p)
		if err != nil {
			equal(t, "pattern", pattern.String(), "")
			return
		}
		got := pattern.Match([]byte(path))
		equal(t, p+" "+path, got, slowMatch(p, path))
		equal(t, "covers itself", pattern.Covers(pattern), true)
		other, err := config.ParsePattern(q)
		if err == nil && pattern.Covers(other) && other.Match([]byte(path)) && !got {
			t.Errorf("%s covers %s, but does not match %q", p, q, path)
		}
	})
}

// FuzzSize writes and reads sizes in turn.
func FuzzSize(f *testing.F) {
	f.Add("64KiB", int64(64<<10))
	f.Add("500KB", int64(-1))
	f.Add("9223372036854775807", int64(1<<62))
	f.Fuzz(func(t *testing.T, text string, n int64) {
		back, err := config.ParseSize(config.Size(n).String())
		if err != nil || back != config.Size(n) {
			t.Errorf("%d became %v: %v", n, back, err)
		}
		size, err := config.ParseSize(text)
		if err != nil {
			equal(t, text, size, 0)
			return
		}
		back, err = config.ParseSize(size.String())
		if err != nil || back != size {
			t.Errorf("%s was read as %d and %d: %v", text, size, back, err)
		}
	})
}

// FuzzRate writes and reads rates in turn.
func FuzzRate(f *testing.F) {
	f.Add("50/s", 0.5)
	f.Add("1/h", 100.0/3600)
	f.Add("0.1/min", 1e6)
	f.Fuzz(func(t *testing.T, text string, n float64) {
		rates := []config.Rate{config.Rate(n)}
		if n < 1.0/3600 || n > 1e6 || n != n {
			rates = nil
		}
		if r, err := config.ParseRate(text); err == nil {
			rates = append(rates, r)
		}
		for _, r := range rates {
			back, err := config.ParseRate(r.String())
			if err != nil || back != r {
				t.Errorf("%v of %s was read as %v: %v", float64(r), text, float64(back), err)
			}
		}
	})
}

// FuzzDuration writes and reads durations in turn.
func FuzzDuration(f *testing.F) {
	f.Add("1m30s", int64(time.Second))
	f.Add("0", int64(-1))
	f.Fuzz(func(t *testing.T, text string, n int64) {
		back, err := config.ParseDuration(time.Duration(n).String())
		if err != nil || back != time.Duration(n) {
			t.Errorf("%d became %v: %v", n, back, err)
		}
		d, err := config.ParseDuration(text)
		if err == nil && d.String() != "0s" && strings.Trim(text, "+-.0123456789") == "" {
			t.Errorf("%s was read as %v, without a unit", text, d)
		}
	})
}

// FuzzExpand checks that nothing but "$" means anything, and that "$$" always
// gets it back.
func FuzzExpand(f *testing.F) {
	f.Add("a${A}b$$${UNSET:-c}")
	f.Add("${EMPTY}$")
	f.Fuzz(func(t *testing.T, text string) {
		escaped, faults := config.Expand(strings.ReplaceAll(text, "$", "$$"), testEnv)
		equal(t, "escaped", escaped, text)
		equal(t, "faults", len(faults), 0)
		expanded, _ := config.Expand(text, testEnv)
		if !strings.Contains(text, "$") {
			equal(t, "expanded", expanded, text)
		}
	})
}
