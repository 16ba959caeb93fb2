package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// accessLog writes a log of three clients that poll, and a broken line.
func accessLog(t *testing.T) string {
	var b strings.Builder
	b.WriteString("what is this?\n")
	for i := range 60 {
		at := time.Date(2026, 3, 2, 9, 0, i*5, 0, time.UTC).Format("02/Jan/2006:15:04:05 -0700")
		for client := range 3 {
			fmt.Fprintf(&b, "10.0.0.%d - - [%s] \"GET /api/scores?_=%d HTTP/1.1\" 200 911 \"-\" \"UA\"\n", client, at, i)
		}
	}
	file := filepath.Join(t.TempDir(), "access.log")
	write(t, file, b.String())
	return file
}

func TestAnalyzePrintsWhatMachinesRead(t *testing.T) {
	code, stdout, stderr := runLine(t, "analyze", "--json", accessLog(t))
	if code != 0 || !strings.HasSuffix(stderr, "access.log: combined\n") {
		t.Fatalf("exit %d, %q", code, stderr)
	}
	var r struct {
		Lines, Malformed, Requests, Polls int64
		OriginRequests                    int64 `json:"origin_requests"`
		SavedRequests                     int64 `json:"saved_requests"`
		Endpoints                         []map[string]any
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.Lines != 181 || r.Malformed != 1 || r.Requests != 180 || r.Polls != 180 || r.OriginRequests != 60 || r.SavedRequests != 120 || len(r.Endpoints) != 1 {
		t.Errorf("%+v", r)
	}
	for key, want := range map[string]any{
		"pattern": "/api/scores", "requests": 180.0, "polls": 180.0, "clients": 3.0, "interval_seconds": 5.0, "origin_requests": 60.0, "saved_requests": 120.0, "cursor": nil, "shareable": true,
	} {
		if got, ok := r.Endpoints[0][key]; !ok || got != want {
			t.Errorf("%s: %v, %v", key, got, ok)
		}
	}
}

func TestWhatAnalyzeEmitsIsGood(t *testing.T) {
	code, yaml, stderr := runLine(t, "analyze", "--emit-config", "--upstream", "http://127.0.0.1:9000", "--interval", "10s", accessLog(t))
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, yaml)
	if code != 0 || !strings.Contains(yaml, "interval: 10s") {
		t.Fatalf("exit %d, %q\n%s", code, stderr, yaml)
	}
	if code, stdout, _ := runLine(t, "check", file); code != 0 || !strings.Contains(stdout, "good: 1 upstream(s), 2 route(s)") {
		t.Errorf("exit %d, %s", code, stdout)
	}
}

func TestAnalyzeReadsStandardInput(t *testing.T) {
	text, err := os.ReadFile(accessLog(t))
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot()
	var out strings.Builder
	root.SetIn(strings.NewReader(string(text)))
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs([]string{"analyze", "-"})
	if err := root.Execute(); err != nil || !strings.Contains(out.String(), "standard input: combined") || !strings.Contains(out.String(), "broken: standard input:1: \"what is this?\"") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestAWrongCommandLineOfAnalyzeSaysWhatToDo(t *testing.T) {
	file := accessLog(t)
	for line, want := range map[string]string{
		"":                             `analyze takes at least one LOG, or - for standard input: see "pollmux analyze --help"`,
		"--json --emit-config x":       "--json and --emit-config exclude each other: run it twice",
		"--upstream http://x x":        "--upstream goes with --emit-config",
		"--emit-config --upstream x x": "--upstream: write http://host:port or https://host:port",
		"--interval 1ms x":             "--interval 1ms: choose 10ms to 24h",
		"--format iis x":               `--format: "iis" is none: choose auto,`,
		"--format nginx:$status x":     "--format: the log format of nginx: it has no time",
		file + " " + file:              "is named twice",
	} {
		code, _, stderr := runLine(t, append([]string{"analyze"}, strings.Fields(line)...)...)
		if code != 2 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q", line, code, stderr)
		}
	}
	if code, _, stderr := runLine(t, "analyze", "/nowhere.log"); code != 1 || stderr != "pollmux: stat /nowhere.log: no such file or directory\n" {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if code, _, stderr := runLine(t, "analyze", t.TempDir()); code != 1 || !strings.Contains(stderr, "is a directory: name the logs in it") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	write(t, file, "nothing that is known\n")
	if code, _, stderr := runLine(t, "analyze", file); code != 1 || !strings.Contains(stderr, "no line could be read as a request, such as") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestTheBarTellsHowFarItIs(t *testing.T) {
	for want, got := range map[string]string{
		"[############............]  50%, 2.0 M lines, 100 MB/s, 2s left": barText(200e6, 400e6, 2e6, 2*time.Second),
		"[........................]   0%, 0.0 M lines, 0 MB/s, ? left":    barText(0, 400e6, 0, time.Second),
		"[########################] 100%, 0.1 M lines, 5 MB/s, 0s left":   barText(5e6, 4e6, 1e5, time.Second),
		"0.2 GB, 2.0 M lines, 100 MB/s":                                   barText(200e6, -1, 2e6, 2*time.Second),
	} {
		if got != want {
			t.Errorf("%q", got)
		}
	}
}
