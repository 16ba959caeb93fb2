package proxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// attributes are the names that lines of the log may use, as package journal has them.
var attributes = []string{
	"route", "upstream", "feed", "id", "error", "reason", "panic", "stack", "address", "server", "after", "timeout", "retry_in",
	"requests", "feeds", "times", "share", "separated_by", "configured", "now", "open_files", "memory", "limits.snapshots",
	"file", "trigger", "changed", "certificate", "expires", "names", "process", "program", "tls",
}

// A log is searched: what is said must be said in the same words each time.
func TestLinesOfTheLogKeepToItsConventions(t *testing.T) {
	found := 0
	for _, dir := range []string{".", "../upgrade", "../cmd/pollmux"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if at := messageIn(call); at >= 0 && at < len(call.Args) {
						found++
						checkLogLine(t, files.Position(call.Pos()).String(), call.Args[at:])
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 15 {
		t.Errorf("%d lines: this test does not find them any more", found)
	}
}

// messageIn returns which argument of a call is the message of a line of the log, -1
// if it is no such call.
func messageIn(call *ast.CallExpr) int {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return -1
	}
	on := strings.ToLower(nameOf(method.X))
	if on = on[strings.LastIndexByte(on, '.')+1:]; on != "log" && on != "logger" && on != "slog" {
		return -1
	}
	switch method.Sel.Name {
	case "Debug", "Info", "Warn", "Error":
		return 0
	case "Log":
		return 2
	}
	return -1
}

func checkLogLine(t *testing.T, where string, args []ast.Expr) {
	if message := literal(args[0]); message != "" && (unicode.IsUpper([]rune(message)[0]) || strings.HasSuffix(message, ".") || strings.Contains(message, "%")) {
		t.Errorf("%s: %q: a message is a sentence in lower case, without a full stop and without particulars", where, message)
	}
	for i := 1; i < len(args); i += 2 {
		if name := literal(args[i]); name != "" && !slices.Contains(attributes, name) {
			t.Errorf("%s: %q is no attribute that lines of the log have; use one of these, or add it here and to the doc.go of package journal: %v", where, name, attributes)
		}
	}
}

// literal is a string that stands in the source, "" if the expression is something
// else.
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
}
