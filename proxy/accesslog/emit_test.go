package accesslog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

// example is a log with all that a configuration tells.
func example(t *testing.T) *Report {
	var s script
	for _, addr := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		s.poll(addr, "/api/scores?_=1", 5*time.Second, 100)
		s.poll(addr, "/api/camera.jpg?rnd=7", 2*time.Second, 50)
		s.poll(addr, "/api/teams/17/table", 10*time.Second, 40)
		s.poll(addr, "/api/users/1"+addr[7:]+"0/inbox", time.Minute, 9)
		for i := range 30 {
			s.ask(time.Duration(i)*3*time.Second, addr, "GET", "/api/chat?since="+string('1'+byte(i/4)), 200)
			s.ask(time.Duration(i)*4*time.Second, addr, "POST", "/api/position", 200)
		}
		s.ask(time.Minute, addr, "GET", "/", 200)
		s.ask(time.Minute, addr, "GET", "/${HOME}/\"x\"", 200)
	}
	s.WriteString("what is this?\n")
	return analyzed(t, append(s.sorted(), "what is this?\n"...)[:], format, Options{})
}

// matchesGolden compares with a file of testdata/accesslog.
func matchesGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("..", "..", "testdata", "accesslog", name)
	if os.Getenv("POLLMUX_UPDATE") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, got) {
		t.Errorf("%s, %v:\n%s", name, err, got)
	}
}

func TestTheReportAndTheConfigurationReadAsTheyAreMeantTo(t *testing.T) {
	r := example(t)
	var table, yaml bytes.Buffer
	r.Write(&table)
	matchesGolden(t, "example-report.txt", table.Bytes())
	for line := range strings.Lines(table.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if err := r.WriteConfig(&yaml, "http://127.0.0.1:9000"); err != nil {
		t.Fatal(err)
	}
	matchesGolden(t, "example-config.yaml", yaml.Bytes())
	c, err := config.Parse("pollmux.yaml", yaml.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]config.Mode{
		"/api/scores": config.ModeCoalesce, "/api/teams/99/table": config.ModeCoalesce, "/api/users/5/inbox": config.ModeObserve, "/api/position": config.ModePass, "/": config.ModePass,
	} {
		for _, route := range c.Routes {
			if route.Path.Match([]byte(path)) {
				if route.Mode != want {
					t.Errorf("%s: %v", path, route.Mode)
				}
				break
			}
		}
	}
}

func TestMoreExactRoutesStandFirstAndNoneIsCovered(t *testing.T) {
	r := &Report{Requests: 1}
	for i, pattern := range []string{"/*/b", "/a/*", "/a/b", "/a/**", "/x/*/y", "/a/*/c", "/**", "/z${Q}", "/a/list"} {
		r.Endpoints = append(r.Endpoints, Endpoint{Pattern: pattern, Method: "GET", Polls: 1, Requests: 1, Interval: 1, Coalesced: i < 8 && pattern != "/**", Shareable: true})
	}
	var b bytes.Buffer
	if err := r.WriteConfig(&b, ""); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("pollmux.yaml", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	var order []string
	for _, route := range c.Routes {
		order = append(order, route.Path.String())
	}
	if got := strings.Join(order, " "); got != "/a/b /a/list /a/*/c /a/* /a/** /x/*/y /z${Q} /*/b /**" {
		t.Error(got)
	}
}
