package proxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The clock of the machine may be set at any moment. Go's times carry a reading
// of another one that is never set, and compare by it, until somebody converts
// them. So whatever reads the date, or makes a time from one, is listed here, with
// why a wrong date does no harm there.
func TestNothingDependsOnTheDate(t *testing.T) {
	known := map[string]string{
		"proxy/feed/update.go UTC":            "Date of an answer that came without (RFC 9110 section 6.6.1)",
		"proxy/feed/update.go ParseTime":      "compares two dates of the origin",
		"proxy/passthrough.go UTC":            "Date of an answer that came without",
		"proxy/problem.go UTC":                "Date of an answer of our own",
		"proxy/reqbody.go time.Unix":          "a deadline in the past",
		"proxy/watch.go time.Unix":            "a deadline in the past",
		"proxy/origin/deadlines.go time.Unix": "a deadline in the past",
		"proxy/feed/instant.go ParseTime":     "a date of the origin, by the origin's own clock; without Date, no more than a hint",
		"proxy/feed/instant.go time.Date":     "what is too long ago by any clock",
		"proxy/feed/stamp.go ParseTime":       "a date of the origin; instant.go translates it",
		"proxy/feed/stamp.go time.UnixMicro":  "a date of the origin; instant.go translates it",
		"proxy/feed/stamp.go Round":           "of a number",
		"proxy/schedule/floor.go ParseTime":   "a date of the origin, by the origin's own clock; at most an hour",
		"proxy/schedule/rhythm.go Round":      "of a number",
		"proxy/schedule/seconds.go ParseTime": "a date of the origin, by the origin's own clock; at most an hour",
		"proxy/schedule/seconds.go Truncate":  "of a duration",
		"proxy/cert/metrics.go Unix":          "when a certificate ends, as it says itself",
		"upgrade/etag.go ParseTime":           "a client's date against one of the origin",
		"upgrade/etag.go Truncate":            "of a date of the origin",
		"upgrade/streamhead.go UTC":           "Date of an answer of our own",
		"upgrade/fanout/ear.go time.Unix":     "a deadline in the past",
		"proxy/explain/text.go Round":         "of a duration",
		"proxy/journal/entry.go Round":        "of a number",
		"proxy/alarm.go Round":                "of a duration",
		"proxy/accesslog/table.go Round":      "of a duration",
		"proxy/accesslog/emit.go Round":       "of a duration",
		"proxy/accesslog/numbers.go Round":    "of a duration",
		"proxy/accesslog/period.go Round":     "of a number",
		"proxy/accesslog/report.go Round":     "of a duration",
		"proxy/ledger/reloads.go UnixMilli":   "tells an operator of a date",
	}
	dates := []string{"Unix", "UnixNano", "UnixMilli", "UnixMicro", "UTC", "Local", "In", "Date", "ParseTime", "Truncate", "Round", "Time"}
	found := map[string]bool{}
	eachSource(t, func(file string, source *ast.File) {
		ast.Inspect(source, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(dates, selector.Sel.Name) {
				return true
			}
			name := selector.Sel.Name
			if of, ok := selector.X.(*ast.Ident); ok && of.Name == "time" {
				name = "time." + name
			}
			found[file+" "+name] = true
			return true
		})
	})
	for use := range found {
		if known[use] == "" {
			t.Errorf("%s: what if the clock is set?", use)
		}
	}
	for use := range known {
		if !found[use] {
			t.Errorf("%s is no more", use)
		}
	}
}

// eachSource parses the sources of proxy and upgrade.
func eachSource(t *testing.T, look func(name string, file *ast.File)) {
	t.Helper()
	for _, dir := range []string{".", "../upgrade"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				look(strings.TrimPrefix(filepath.ToSlash(filepath.Join("proxy", path)), "../"), file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
