package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"gopkg.in/yaml.v3"

	"github.com/pollmux/pollmux/proxy/cert"
	"github.com/pollmux/pollmux/proxy/ledger"
)

const (
	grafanaFile = "deploy/grafana/pollmux.json"
	rulesFile   = "deploy/prometheus/pollmux.rules.yml"
	rulesTests  = "deploy/prometheus/pollmux.rules.test.yml"
)

// grafana is what of a Grafana dashboard is looked at.
type grafana struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Panels        []panel
	Templating    struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
		}
	}
}

type panel struct {
	ID      int `json:"id"`
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int } `json:"gridPos"`
	Targets []struct {
		Expr, RefID string
		Datasource  struct{ Type, UID string }
	}
}

func readGrafana(t *testing.T) (g grafana) {
	t.Helper()
	text, err := os.ReadFile(grafanaFile)
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ruleGroups is what of a file of rules is looked at.
type ruleGroups struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrometheusTakesTheRules(t *testing.T) {
	promtool := need(t, "promtool")
	for _, args := range [][]string{
		{"check", "rules", rulesFile}, {"test", "rules", rulesTests}, {"check", "config", "--syntax-only", "deploy/prometheus/prometheus.yml"},
	} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestEachAlertSaysWhatToDoAndHasATest(t *testing.T) {
	var rules ruleGroups
	var tests struct{ Tests []struct{ Name string } }
	readYAML(t, rulesFile, &rules)
	readYAML(t, rulesTests, &tests)
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			alerts++
			if !slices.Contains([]string{"critical", "warning", "info"}, rule.Labels["severity"]) {
				t.Errorf("%s: severity %q", rule.Alert, rule.Labels["severity"])
			}
			for _, name := range []string{"summary", "description", "runbook"} {
				if text := strings.TrimSpace(rule.Annotations[name]); text == "" {
					t.Errorf("%s has no %s", rule.Alert, name)
				}
			}
			if !slices.Contains(tests.Tests, struct{ Name string }{rule.Alert}) {
				t.Errorf("%s has no test", rule.Alert)
			}
		}
	}
	if alerts < 15 {
		t.Errorf("there are %d alerts", alerts)
	}
}

// TestEveryMetricThatIsLookedAtExists holds the dashboard and the rules against what
// is told.
func TestEveryMetricThatIsLookedAtExists(t *testing.T) {
	told := metricNames(t)
	name := regexp.MustCompile(`\b(pollmux|go|process)_[a-z0-9_]+`)
	for _, file := range []string{grafanaFile, rulesFile} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		looked := 0
		for _, at := range name.FindAllIndex(text, -1) {
			metric := string(text[at[0]:at[1]])
			if before := text[at[0]-1]; before == ':' || before == '/' { // a recording rule's, a path's
				continue
			}
			looked++
			if !told[metric] && !told[strings.TrimSuffix(metric, "_bucket")] {
				t.Errorf("%s: there is no %s", file, metric)
			}
		}
		if looked < 10 {
			t.Errorf("%s: only %d metrics", file, looked)
		}
	}
}

// metricNames are those that /metrics has, and those that the ledger and certificates
// have in store.
func metricNames(t *testing.T) map[string]bool {
	t.Helper()
	told := map[string]bool{}
	s := startSite(t)
	_, text := fetch(t, "http://"+s.admin+"/metrics")
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ := strings.Cut(rest, " ")
			told[name] = true
		}
	}
	all := make(chan *prometheus.Desc)
	go func() {
		defer close(all)
		ledger.New().Describe(all)
		cert.Collector(nil).Describe(all)
	}()
	named := regexp.MustCompile(`fqName: "([^"]+)"`)
	for d := range all {
		told[named.FindStringSubmatch(d.String())[1]] = true
	}
	return told
}

// Grafana itself is not at hand: this is what it refuses, or shows as an error.
func TestTheGrafanaDashboardIsOne(t *testing.T) {
	g := readGrafana(t)
	if g.UID != "pollmux" || g.Title != "pollmux" || g.SchemaVersion < 37 || len(g.Panels) < 20 {
		t.Fatalf("got %q, %q, schema %d, %d panels", g.UID, g.Title, g.SchemaVersion, len(g.Panels))
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range g.Panels {
		if p.ID == 0 || ids[p.ID] {
			t.Errorf("%s: id %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		if !slices.Contains([]string{"row", "stat", "timeseries"}, p.Type) || p.Title == "" {
			t.Errorf("%q is a %q", p.Title, p.Type)
		}
		if at := p.GridPos; at.X+at.W > 24 || at.W < 1 || at.H < 1 {
			t.Errorf("%s is at %+v", p.Title, at)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.Expr == "" || refs[target.RefID] || target.Datasource.UID != "${datasource}" {
				t.Errorf("%s: %+v", p.Title, target)
			}
			refs[target.RefID] = true
		}
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("%s has %d queries", p.Title, len(p.Targets))
		}
	}
	variable := regexp.MustCompile(`\$\{?([a-z]+)`)
	text, _ := os.ReadFile(grafanaFile)
	for _, used := range variable.FindAllStringSubmatch(string(text), -1) {
		known := slices.ContainsFunc(g.Templating.List, func(v struct {
			Name, Type string
			Query      json.RawMessage
		}) bool {
			return v.Name == used[1]
		})
		if !known {
			t.Errorf("there is no variable %s", used[1])
		}
	}
}

// filled is a query of Grafana as it asks it.
func filled(expr string) string {
	return strings.NewReplacer("$__rate_interval", "20s", "$__range", "1h", "$job", ".*", "$instance", ".*", "$route", ".*").Replace(expr)
}

// prometheusConfig scrapes one pollmux.
func prometheusConfig(t *testing.T, target string) string {
	t.Helper()
	rules, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	write(t, file, fmt.Sprintf(`global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - {job_name: pollmux, static_configs: [{targets: [%q]}]}
`, rules, target))
	return file
}
