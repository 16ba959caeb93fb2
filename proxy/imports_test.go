package proxy

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pollmux/pollmux/"

// mayImport says which of our packages a package may import, by the beginning of
// their paths. What is not listed may import none of ours.
var mayImport = map[string][]string{
	"cmd":                 {"cmd", "proxy", "upgrade", "config", "testdata"},
	"proxy":               {"proxy/", "upgrade", "config"},
	"proxy/authorize":     {"proxy/origin", "proxy/schedule"},
	"proxy/accesslog":     {"proxy/share", "config"},
	"proxy/explain":       {"proxy/feed", "proxy/head", "proxy/share"},
	"proxy/admin":         {"proxy/admin/history", "proxy/explain", "proxy/feed", "proxy/ledger", "upgrade"},
	"proxy/admin/history": {"proxy/ledger"},
	"proxy/feed":          {"proxy/origin", "proxy/schedule", "proxy/share", "upgrade"},
	"proxy/share":         {"proxy/head", "proxy/origin", "config"},
	"proxy/ledger":        {"upgrade"},
	"proxy/observe":       {"proxy/feed", "proxy/head", "proxy/ledger", "proxy/origin", "proxy/share", "config"},
	"proxy/head":          {},
	"proxy/journal":       {"config"},
	"proxy/tracing":       {"config"},
	"proxy/origin":        {"proxy/sock", "upgrade/nowait"},
	"proxy/sock":          {"upgrade/nowait"},
	"proxy/cert":          {},
	"proxy/schedule":      {},
	"upgrade":             {"upgrade/coding", "upgrade/fanout"},
	"upgrade/coding":      {},
	"upgrade/fanout":      {"upgrade/nowait"},
	"upgrade/nowait":      {},
	"config":              {},
}

// onlyIn says which packages may import a library.
var onlyIn = map[string][]string{
	"gopkg.in/yaml.v3":                    {"config"},
	"github.com/fasthttp/websocket":       {}, // a client in tests
	"golang.org/x/net":                    {}, // a name server in tests
	"github.com/klauspost/compress":       {"upgrade/coding", "cmd/pollbench/audience", "proxy/accesslog"},
	"github.com/molecule-man/go-brrr":     {"upgrade/coding"},
	"github.com/spf13/cobra":              {"cmd/pollmux", "cmd/pollbench"},
	"github.com/gdamore/tcell":            {"cmd/pollmux/top"},
	"github.com/dunglas/httpsfv":          {"proxy/origin"},
	"github.com/prometheus/client_golang": {"proxy/ledger", "proxy/admin", "proxy/cert"},
	"github.com/fsnotify/fsnotify":        {"cmd/pollmux"},
	"github.com/valyala/fastjson":         {"proxy/accesslog"},
	"golang.org/x/term":                   {"cmd/pollmux"},
	"go.opentelemetry.io":                 {"proxy/tracing"},
	"google.golang.org/protobuf":          {"proxy/tracing"},
	"google.golang.org/grpc":              {}, // seven megabytes of it
}

func TestPackagesImportOnlyWhatTheLayoutAllows(t *testing.T) {
	for dir, imports := range importGraph(t) {
		for _, imported := range imports {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				if !allowed(dir, ours) {
					t.Errorf("%s must not import %s", dir, ours)
				}
				continue
			}
			for library, dirs := range onlyIn {
				if strings.HasPrefix(imported, library) && !contains(dirs, dir) {
					t.Errorf("%s must not import %s", dir, imported)
				}
			}
		}
	}
}

func allowed(dir, imported string) bool {
	rules, ok := mayImport[dir]
	if !ok && strings.HasPrefix(dir, "cmd/") {
		rules = mayImport["cmd"]
	}
	for _, rule := range rules {
		if imported == rule || strings.HasPrefix(imported, strings.TrimSuffix(rule, "/")+"/") {
			return true
		}
	}
	return false
}

func contains(dirs []string, dir string) bool {
	for _, d := range dirs {
		if d == dir {
			return true
		}
	}
	return false
}

// importGraph reads what each package of the module imports, tests left out.
func importGraph(t *testing.T) map[string][]string {
	t.Helper()
	graph := map[string][]string{}
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../"))
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			graph[dir] = append(graph[dir], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(graph) < 10 {
		t.Fatalf("found only %d packages", len(graph))
	}
	return graph
}
