package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/golden"
)

func polled(name string, clients, origin, estimated int64) ledger.RouteStats {
	return ledger.RouteStats{
		Name: name, IntervalSeconds: 2, ClientRequests: ledger.ClientRequests{Poll: clients, SSE: 5}, UpstreamRequests: ledger.UpstreamRequests{Poll: origin},
		SavedRequestsMeasured: clients - origin, SavedRequestsEstimated: estimated, SavedBytes: 1000 * clients, SavedOriginSeconds: float64(clients) / 100,
		StalenessSeconds: ledger.Quantiles{P50: 1, P99: 2.1}, Unshared: map[string]int64{},
	}
}

// names are what Markdown could take for something else.
var names = []string{"/a|b", "*bold*", "_it_", "[x](http://e)", "<script>", "`c`", "a\\", "~~s~~", "a\nb", "# h", "| - |", "&amp;", "\x1b[2J", "日本", "| a | b |\n|---|---|"}

// busy is three days of a proxy.
func busy() ledger.Stats {
	s := ledger.Stats{TakenAt: time.Date(2030, 1, 4, 12, 0, 0, 0, time.UTC), UptimeSeconds: 3 * 86400, Limits: map[string]int64{}}
	s.Routes = append(s.Routes, polled("scores", 50_000_000, 120_000, 7_000_000), polled("idle", 0, 0, 0), polled("worse", 10, 20, 0))
	for i, name := range names {
		s.Routes = append(s.Routes, polled(name, 1000-int64(i), 10, 0))
	}
	pass := ledger.RouteStats{Name: "/**", ClientRequests: ledger.ClientRequests{Pass: 4321}, UpstreamRequests: ledger.UpstreamRequests{Pass: 4321}}
	s.Routes = append(s.Routes, pass)
	s.Routes[0].ClientRequests.Pass, s.Routes[0].UpstreamRequests.Pass = 700, 700
	s.Routes[0].Unshared = map[string]int64{"set-cookie": 500, "range": 100, "status-302": 50, "no-store": 20, "private": 15, "vary": 10, "a|b": 3, "odd": 2}
	seen := ledger.Observed{Share: "auto", Verdict: ledger.Same, Requests: 9000, WouldSaveRequests: 8700, WouldSaveOriginSeconds: 90, Compared: 8000, Same: 7900, Changed: 100, Alike: 6000, Unshareable: map[string]int64{"range": 3}}
	public := seen
	public.Share, public.Verdict, public.Differing, public.Separators = "public", ledger.Differs, 12, []ledger.Separator{{Kind: "cookie", Name: "s|id", Explains: 0.98, Pairs: 44}}
	seen.IfPublic = &public
	s.Routes = append(s.Routes, ledger.RouteStats{Name: "friends", ClientRequests: ledger.ClientRequests{Pass: 9000}, UpstreamRequests: ledger.UpstreamRequests{Pass: 9000}, Observed: &seen})
	s.Totals = totals(s.Routes)
	return s
}

// totals adds up what a report looks at.
func totals(routes []ledger.RouteStats) (t ledger.RouteStats) {
	t.Unshared, t.StalenessSeconds, t.UpstreamErrors = map[string]int64{}, ledger.Quantiles{P50: 0.9, P99: 2.05}, 37
	for _, r := range routes {
		t.ClientRequests.Poll += r.ClientRequests.Poll
		t.ClientRequests.Pass += r.ClientRequests.Pass
		t.UpstreamRequests.Poll += r.UpstreamRequests.Poll
		t.UpstreamRequests.Pass += r.UpstreamRequests.Pass
		t.SavedRequestsMeasured += r.SavedRequestsMeasured
		t.SavedRequestsEstimated += r.SavedRequestsEstimated
		t.SavedBytes += r.SavedBytes
		t.SavedOriginSeconds += r.SavedOriginSeconds
		for reason, n := range r.Unshared {
			t.Unshared[reason] += n
		}
		if r.Observed != nil {
			t.Observed = &ledger.Observed{Requests: r.Observed.Requests}
		}
	}
	return t
}

func written(t *testing.T, in Input) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAReportIsOnePageOfValidTables(t *testing.T) {
	in := New(busy(), nil)
	in.Price = Price{PerMillion: 0.4, Currency: "EUR"}
	page := written(t, in)
	golden.Equal(t, "report.md", page)
	checkPage(t, page)
	for range 5 {
		if written(t, in) != page {
			t.Fatal("the same input is another page")
		}
	}
}

// checkPage looks at what breaks a page: its length, and rows with another number of
// cells than their table.
func checkPage(t *testing.T, page string) {
	t.Helper()
	lines := strings.Split(page, "\n")
	if len(lines) > 66 {
		t.Errorf("%d lines", len(lines))
	}
	cells := 0
	for i, line := range lines {
		switch n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); {
		case !strings.HasPrefix(line, "|"):
			cells = 0
			if n > 0 {
				t.Errorf("line %d has a cell outside of a table: %s", i+1, line)
			}
		case cells != 0 && n != cells:
			t.Errorf("line %d has %d cells and not %d: %s", i+1, n, cells, line)
		default:
			cells = n
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("line %d has a control character: %q", i+1, line)
		}
	}
}

func TestAReportOfALittle(t *testing.T) {
	nothing := ledger.Stats{TakenAt: time.Date(2030, 1, 4, 12, 0, 0, 0, time.UTC), UptimeSeconds: 5, Routes: []ledger.RouteStats{}}
	if page := written(t, New(nothing, nil)); !strings.Contains(page, "2030-01-04 11:59 to 2030-01-04 12:00 UTC: 5 s, since pollmux was started.\n\n**There were no requests.**\n\n## What the figures rest on") {
		t.Errorf("%s", page)
	}
	worse := nothing
	worse.Routes = []ledger.RouteStats{polled("x", 10, 20, 0)}
	worse.Totals = totals(worse.Routes)
	page := written(t, New(worse, nil))
	checkPage(t, page)
	if !strings.Contains(page, "**Nothing was saved: the origin answered 20 requests; its clients would have sent it 10.**") || !strings.Contains(page, "the origin still got 10 more.") {
		t.Errorf("%s", page)
	}
}

func TestAReportSinceAReading(t *testing.T) {
	before, now := busy(), busy()
	now.UptimeSeconds += 60
	now.Routes[0].ClientRequests.Poll += 1000
	now.Routes[0].UpstreamRequests.Poll += 10
	now.Routes[0].SavedRequestsMeasured += 990
	now.Totals = totals(now.Routes)
	page := written(t, New(now, &before))
	if !strings.Contains(page, ": 60 s, between two readings.") || !strings.Contains(page, "**The origin answered 10 requests instead of 1,000: 99.0 % fewer**") || !strings.Contains(page, ", and since the start of the process.") {
		t.Errorf("%s", page)
	}
	now.UptimeSeconds = 60
	if page := written(t, New(now, &before)); !strings.Contains(page, ": 60 s, since pollmux was restarted; what came before is lost.") {
		t.Errorf("%s", page)
	}
}

func TestNothingIsSaidOfMoneyUnlessSomebodySaidWhatItCosts(t *testing.T) {
	in := New(busy(), nil)
	if strings.Contains(written(t, in), "per million") {
		t.Error("it is")
	}
	in.Price = Price{PerMillion: 2}
	if !strings.Contains(written(t, in), "At 2.00 per million requests, ") {
		t.Errorf("%s", written(t, in))
	}
}

func TestFigures(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for _, test := range []struct {
		with, without int64
		want          string
	}{{0, 0, "–"}, {0, 10, "100.0 %"}, {1, 1_000_000, "99.9 %"}, {5, 10, "50.0 %"}, {20, 10, "-100.0 %"}} {
		if got := fewer(test.with, test.without); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	for n, want := range map[float64]string{0: "0 s", 0.0123: "12.3 ms", 1.5: "1.5 s", 99: "99 s", 100: "2 min", 7200: "2 h 0 min", 90000: "25 h 0 min", 200000: "2 d 7 h"} {
		if got := span(n); got != want {
			t.Errorf("%v: %s", n, got)
		}
	}
}

func TestWhatIsNoReadingIsRefused(t *testing.T) {
	text, err := json.Marshal(busy())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Parse(text); err != nil || s.Totals.UpstreamRequests != busy().Totals.UpstreamRequests {
		t.Errorf("%v", err)
	}
	for _, text := range []string{"", "{}", "[]", "send admin.token as Authorization: Bearer", `{"routes": []}`, `{"routes": "x"}`} {
		if _, err := Parse([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "it is not what GET /api/stats answers: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzEscape: whatever a name is, it is text, in its cell and on its line.
func FuzzEscape(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := escape(name)
		if strings.ContainsAny(got, "\r\n\x00\x1b") {
			t.Errorf("%q", got)
		}
		for i := 0; i < len(got); i++ {
			switch got[i] {
			case '\\':
				i++
			case '|', '<', '>', '[', ']', '*', '_', '`', '~', '&':
				t.Errorf("%q at %d", got, i)
			}
		}
		if strings.HasSuffix(got, `\`) && !strings.HasSuffix(got, `\\`) {
			t.Errorf("%q ends its cell", got)
		}
	})
}
