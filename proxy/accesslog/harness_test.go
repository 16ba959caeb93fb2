package accesslog

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// epoch is when logs of tests begin.
func epoch() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// script is a log that is being written.
type script struct {
	strings.Builder
	lines int
}

// ask writes a request.
func (s *script) ask(at time.Duration, addr, method, target string, status int) {
	s.lines++
	when := epoch().Add(at)
	fmt.Fprintf(s, "%d.%03d|%s|%s|%s|%d\n", when.Unix(), when.Nanosecond()/1e6, addr, method, target, status)
}

// poll writes requests of one client at a pace.
func (s *script) poll(addr, target string, every time.Duration, n int) {
	for i := range n {
		s.ask(time.Duration(i)*every, addr, "GET", target, 200)
	}
}

// format is that of scripts.
const format = `nginx:$msec|$remote_addr|$request_method|$request_uri|$status`

// sorted is the log in the order of its dates.
func (s *script) sorted() []byte {
	lines := strings.SplitAfter(strings.TrimSuffix(s.String(), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	sortLines(lines)
	return []byte(strings.Join(lines, ""))
}

func sortLines(lines []string) {
	for i := 1; i < len(lines); i++ {
		for j := i; j > 0 && lines[j][:14] < lines[j-1][:14]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
}

// analyzed is the report of a log.
func analyzed(t testing.TB, text []byte, format string, o Options) *Report {
	t.Helper()
	var err error
	if o.Formats, err = ParseFormat(format); err != nil {
		t.Fatal(err)
	}
	r, err := Analyze(t.Context(), []Input{Text("log", text)}, o)
	if err != nil {
		t.Fatal(err)
	}
	balances(t, r)
	return r
}

// balances checks what is true of every report.
func balances(t testing.TB, r *Report) {
	t.Helper()
	requests, polls, saved, origin := int64(0), int64(0), int64(0), int64(0)
	for _, e := range r.Endpoints {
		requests, polls, saved, origin = requests+e.Requests, polls+e.Polls, saved+e.SavedRequests, origin+e.OriginRequests
		if e.SavedRequests < 0 || e.OriginRequests < 0 || e.Polls > e.Requests {
			t.Errorf("%+v", e)
		}
	}
	c := r.Classes
	if r.Lines != r.Requests+r.Malformed+r.Blank || r.OriginRequests+r.SavedRequests != r.Requests ||
		requests != r.Requests || polls != r.Polls || saved != r.SavedRequests || origin != r.OriginRequests ||
		c.Polls+c.Health+c.Crawlers+c.Browsing+c.Writes != r.Requests {
		t.Errorf("the sums are wrong: %+v", r)
	}
}

// endpoint is one of a report.
func (r *Report) endpoint(t testing.TB, pattern string) Endpoint {
	t.Helper()
	for _, e := range r.Endpoints {
		if e.Pattern == pattern {
			return e
		}
	}
	t.Fatalf("there is no %s in %+v", pattern, r.Endpoints)
	return Endpoint{}
}
