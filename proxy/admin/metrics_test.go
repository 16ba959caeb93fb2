package admin

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// metric is a row of README's table of metrics, or what the registry has.
type metric struct {
	kind   string
	labels []string
}

// row is a line of that table.
var row = regexp.MustCompile("(?m)^\\| `(pollmux_\\w+)` \\| (\\w+) \\|([^|]*)\\| [^|]+ \\|$")

// documented reads the table.
func documented(t *testing.T) map[string]metric {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]metric{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		labels := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(found[3], -1)
		m := metric{kind: found[2]}
		for _, label := range labels {
			m.labels = append(m.labels, label[1])
		}
		if _, twice := all[found[1]]; twice {
			t.Errorf("README.md has two rows for %s", found[1])
		}
		slices.Sort(m.labels)
		all[found[1]] = m
	}
	return all
}

// described is what the registry says that it may tell of. Only what was gathered has
// a type.
func described(t *testing.T, registry *prometheus.Registry, gathered []*dto.MetricFamily) map[string]metric {
	t.Helper()
	all := map[string]metric{}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		registry.Describe(descs)
	}()
	parts := regexp.MustCompile(`fqName: "(\w+)", .*constLabels: {(.*)}, variableLabels: {(.*)}}`)
	for desc := range descs {
		found := parts.FindStringSubmatch(desc.String())
		if found == nil {
			t.Fatalf("%v has another form than this test knows", desc)
		}
		if !strings.HasPrefix(found[1], "pollmux_") {
			continue
		}
		var m metric
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(found[2], -1) {
			m.labels = append(m.labels, label[1])
		}
		if found[3] != "" {
			m.labels = append(m.labels, strings.Split(found[3], ",")...)
		}
		slices.Sort(m.labels)
		all[found[1]] = m
	}
	for _, family := range gathered {
		if m, ok := all[family.GetName()]; ok {
			m.kind = strings.ToLower(family.GetType().String())
			all[family.GetName()] = m
		}
	}
	return all
}

// everything is a configuration that has metrics of every kind.
const everything = `
upstreams:
  api: {servers: [%[1]q], budget: 1000/s}
  other: {servers: [%[1]q]}
limits: {request_header: 1KiB}
routes:
  - {path: /seen/**, name: seen, upstream: other, mode: observe, interval: 1h}
  - {path: /passed/**, name: passed, upstream: other, mode: pass}
  - {path: /**, name: all, upstream: api, interval: 10ms}
`

// measured is an admin of a proxy before an origin that answers with whatever status
// the path ends in.
func measured(t *testing.T) (a *Admin, address string) {
	upstream := legacy.NewFaulty(legacy.Answer{}, nil)
	upstream.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		var status int
		_, _ = fmt.Sscanf(req.Path[strings.LastIndexByte(req.Path, '/')+1:], "%d", &status)
		if status < 200 || status > 999 {
			status = 200
		}
		return legacy.Answer{Status: status, Header: http.Header{"Content-Type": {"text/plain"}, "X-" + req.Path[1:2]: {"1"}}, Body: []byte(req.Path)}
	})
	if err := upstream.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Close)
	c, err := config.Parse("test.yaml", fmt.Appendf(nil, everything, upstream.URL()))
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	p, err := proxy.New(c, proxy.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return New(p, Options{Log: quiet, Version: "1.2.3", Revision: "abc"}), serve(t, p)
}

// ask sends a request, whatever becomes of it.
func ask(t *testing.T, address, text string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	_, _ = http.ReadResponse(bufio.NewReader(c), nil) // its body may have no end
}

// wild are requests of all kinds, full of a word of their client's.
func wild(t *testing.T, address, word string) {
	t.Helper()
	for _, path := range []string{"/a", "/seen", "/passed"} {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "M-" + word} {
			ask(t, address, fmt.Sprintf("%s %s/%s HTTP/1.1\r\nHost: %s.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method, path, word, word))
		}
		for _, status := range []int{200, 204, 301, 304, 401, 404, 418, 429, 500, 503, 599, 700 + len(word)} {
			ask(t, address, fmt.Sprintf("GET %s/%s/%d?%s=%s HTTP/1.1\r\nHost: a\r\nX-%s: 1\r\nCookie: %s=1\r\n\r\n", path, word, status, word, word, word, word))
		}
		for _, fields := range []string{"Range: bytes=0-1", "Accept: text/" + word, "Accept: text/event-stream", "Prefer: wait=" + word, "Upgrade: " + word + "\r\nConnection: upgrade",
			"Authorization: Bearer " + word, "X-Long: " + strings.Repeat(word, 2000), "Expect: " + word, "traceparent: " + word, "X-Request-Id: " + word, "X-HTTP-Method-Override: " + word} {
			ask(t, address, fmt.Sprintf("GET %s/%s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", path, word, word, fields))
		}
	}
	ask(t, address, word+"\r\n\r\n")
}

// series are the names and labels of all samples.
func series(t *testing.T, a *Admin) map[string]bool {
	t.Helper()
	families, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			all[family.GetName()+fmt.Sprint(m.GetLabel())] = true
		}
	}
	return all
}

// TestEveryMetricIsInTheReadme compares the table under "Metrics" in README.md with what
// GET /metrics may tell, both ways.
func TestEveryMetricIsInTheReadme(t *testing.T) {
	a, address := measured(t)
	wild(t, address, "erstes")
	families, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	table, told := documented(t), described(t, a.registry, families)
	for name, m := range told {
		written, ok := table[name]
		want := fmt.Sprintf("| `%s` | %s |%s | what it tells |", name, m.kind, cells(m.labels))
		switch {
		case m.kind == "":
			t.Errorf("%s is described, but nothing in this test makes it appear: extend the configuration \"everything\", or \"wild\", so that it does", name)
		case !ok:
			t.Errorf("%s is not in README.md: add a row to the table under \"### Metrics\", such as\n%s", name, want)
		case written.kind != m.kind || !slices.Equal(written.labels, m.labels):
			t.Errorf("README.md has %s as a %s by %v: correct its row under \"### Metrics\" to\n%s", name, written.kind, written.labels, want)
		}
	}
	for name := range table {
		if _, ok := told[name]; !ok {
			t.Errorf("README.md has a row for %s, which is no metric any more: remove it from the table under \"### Metrics\", and say so in CHANGELOG.md", name)
		}
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("names that Prometheus' practice does not allow (https://prometheus.io/docs/practices/naming/): %v %v", err, problems)
	}
}

// cells are labels as they stand in the table.
func cells(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return " `" + strings.Join(labels, "`, `") + "`"
}

// TestNoLabelHoldsWhatAClientSays: whatever clients and origins come up with, there
// are no more series than before.
func TestNoLabelHoldsWhatAClientSays(t *testing.T) {
	a, address := measured(t)
	wild(t, address, "erstes")
	before := series(t, a)
	for _, word := range []string{"zweites", "drittes", "viertes-und-letztes"} {
		wild(t, address, word)
	}
	for one := range series(t, a) {
		if !before[one] {
			t.Errorf("%s is new: a label whose values are not bounded makes a monitoring system fall over; use a few constant words, or the names of the configuration", one)
		}
		for _, word := range []string{"erstes", "zweites", "drittes", "viertes"} {
			if strings.Contains(one, word) {
				t.Errorf("%s has a client's word", one)
			}
		}
	}
	if len(before) < 100 {
		t.Errorf("%d series: nothing was tested", len(before))
	}
}

func TestTheMetricsSayWhichProgramThisIs(t *testing.T) {
	a, _ := measured(t)
	families, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "pollmux_build_info" })
	if i < 0 || families[i].GetMetric()[0].GetGauge().GetValue() != 1 || !strings.Contains(fmt.Sprint(families[i].GetMetric()[0].GetLabel()), `"1.2.3"`) {
		t.Errorf("%v", families)
	}
}
