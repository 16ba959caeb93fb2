package accesslog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

// now is the time of day in milliseconds, as a script's clients send it.
func now(at time.Duration) int64 { return epoch().Add(at).UnixMilli() }

// Whoever can send requests writes the log. What a configuration ignores because of it
// makes one answer of several.
func TestALogCannotHaveEveryParameterIgnored(t *testing.T) {
	for _, name := range []string{"*", "user*", "", "a*b", strings.Repeat("x", 65)} {
		var s script
		for i := range 100 {
			at := time.Duration(i) * 5 * time.Second
			s.ask(at, "10.0.0.1", "GET", fmt.Sprintf("/api/me?%s=%d", name, now(at)), 200)
			s.ask(at, "10.0.0.2", "GET", "/api/me?id=bob", 200)
		}
		ignores(t, analyzed(t, s.sorted(), format, Options{}), "")
	}
}

func TestAParameterThatIsTheTimeNowAndThenIsNotIgnored(t *testing.T) {
	for _, c := range []struct {
		odd  int // requests with the time, besides 300 with a name
		said bool
	}{{1, false}, {300, true}, {3000, true}} {
		var s script
		for i := range 100 {
			for _, name := range []string{"ann", "bob", "eve"} {
				s.ask(time.Duration(i)*5*time.Second, "10.0.0."+fmt.Sprint(len(name)+int(name[0])), "GET", "/api/me?user="+name, 200)
			}
		}
		for i := range c.odd {
			at := time.Duration(i) * 100 * time.Millisecond
			s.ask(at, "10.0.9.9", "GET", fmt.Sprintf("/api/me?user=%d", now(at)), 200)
		}
		r := analyzed(t, s.sorted(), format, Options{})
		ignores(t, r, "")
		if e := r.endpoint(t, "/api/me"); e.Coalesced || c.said != strings.Contains(fmt.Sprint(e.Reasons), `"user" is the time or a random number in some`) {
			t.Errorf("%d: %+v", c.odd, e)
		}
	}
}

func TestAClockThatIsWrongDoesNotMakeACacheBusterMeanSomething(t *testing.T) {
	var s script
	for i := range 200 {
		at := time.Duration(i) * 5 * time.Second
		s.ask(at, "10.0.0.1", "GET", fmt.Sprintf("/api/scores?game=7&t=%d", now(at)), 200)
		s.ask(at, "10.0.0.2", "GET", fmt.Sprintf("/api/scores?game=7&t=%d", now(at)), 200)
	}
	s.ask(time.Minute, "10.0.0.3", "GET", fmt.Sprintf("/api/scores?game=7&t=%d", now(-1000*time.Hour)), 200)
	r := analyzed(t, s.sorted(), format, Options{})
	ignores(t, r, "t")
	if e := r.endpoint(t, "/api/scores"); !e.Coalesced {
		t.Errorf("%+v", e)
	}
}

// An origin that is not sent where a range ends refuses the request, or answers another.
func TestAParameterThatMayMeanATimeIsNotIgnored(t *testing.T) {
	for _, c := range []struct{ query, name string }{
		{"query=up&step=5&end=%d", "end"},
		{"query=up&time=%d", "time"},
		{"until=%d&t=%[1]d", "until"},
		{"t=%d&until=%[1]d", "until"},
		{"lat=52.2052&lon=0.%d", "lon"},
	} {
		var s script
		for i := range 100 {
			at := time.Duration(i) * 5 * time.Second
			for _, client := range []string{"10.0.0.1", "10.0.0.2"} {
				s.ask(at, client, "GET", "/api/range?"+fmt.Sprintf(c.query, now(at)), 200)
			}
		}
		r := analyzed(t, s.sorted(), format, Options{})
		ignores(t, r, "")
		if e := r.endpoint(t, "/api/range"); e.Polls != 200 || e.Coalesced || !strings.Contains(fmt.Sprint(e.Reasons), fmt.Sprintf("%q is the time or a random number, which may mean", c.name)) {
			t.Errorf("%s: %+v", c.query, e)
		}
	}
}

func TestAParameterThatIsHardlyEverSentStopsNothing(t *testing.T) {
	var s script
	s.poll("10.0.0.1", "/api/scores", 5*time.Second, 200)
	s.ask(time.Minute, "10.0.0.2", "GET", fmt.Sprintf("/api/scores?until=%d", now(time.Minute)), 200)
	r := analyzed(t, s.sorted(), format, Options{})
	ignores(t, r, "")
	if e := r.endpoint(t, "/api/scores"); !e.Coalesced {
		t.Errorf("%+v", e)
	}
}

// ignores checks that a configuration can be read, and what it ignores besides "_".
func ignores(t *testing.T, r *Report, want string) {
	t.Helper()
	var yaml bytes.Buffer
	if err := r.WriteConfig(&yaml, ""); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("pollmux.yaml", yaml.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, &yaml)
	}
	var all []string
	for _, route := range c.Routes {
		if route.Mode == config.ModeCoalesce {
			all = append(all, route.Key.IgnoreQuery...)
		}
	}
	all = slices.DeleteFunc(all, func(name string) bool { return name == "_" })
	if got := strings.Join(all, " "); got != want {
		t.Errorf("%q is ignored, and not %q:\n%s", got, want, &yaml)
	}
}
