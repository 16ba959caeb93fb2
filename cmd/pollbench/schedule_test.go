package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// schedule runs the command with something on standard input.
func schedule(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(t.Context(), append([]string{"schedule"}, args...), strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

const changes = `{"name": "<story>", "horizon": 100, "res": [{"w": 1, "t": [10.25, 50.75]}, {"w": 3, "t": []}]}`

func TestTheJSONOfAScheduleIsToTheLetter(t *testing.T) {
	code, stdout, stderr := schedule(t, changes, "--trace", "-", "--budget", "0.5", "--json")
	// The first is polled at 0, 4, 8 s and so on: it is stale for 1.75 s, and for 1.25 s.
	want := `{"trace":"<story>","budget":0.5,"policies":{"uniform":{"staleness_seconds":0.00578125,"p99_seconds":0,"requests_per_second":0.5},`
	if code != exitGood || !strings.HasPrefix(stdout, want) || stderr != "schedule: 2 resources, 2 changes in 1m40s, 50 polls with each policy\n" {
		t.Fatal(code, stdout, stderr)
	}
	figure := regexp.MustCompile(`:[0-9.e-]+([,}])`)
	form := `{"trace":"<story>","budget":N,"policies":{`
	for i, name := range []string{"uniform", "sqrt_weight", "aimd", "aimd_weighted", "adaptive_ttl", "oracle", "price"} {
		form += strings.Repeat(",", min(i, 1)) + `"` + name + `":{"staleness_seconds":N,"p99_seconds":N,"requests_per_second":N}`
	}
	if got := figure.ReplaceAllString(stdout, ":N$1"); got != form+"}}\n" {
		t.Errorf("%s\nis not\n%s}}", got, form)
	}
}

func TestAScheduleIsATable(t *testing.T) {
	code, stdout, _ := schedule(t, strings.Replace(changes, `"name": "<story>", `, "", 1), "--trace", "-", "--budget", "0.5")
	if code != exitGood || !strings.Contains(stdout, `"standard input", 0.5 requests/s`) || strings.Count(stdout, "◄ best") != 1 {
		t.Error(code, stdout)
	}
}

func TestWhatWasGeneratedIsReplayedAtOnceOrLater(t *testing.T) {
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "made.json"), filepath.Join(dir, "made.json.gz")
	made := []string{"--generate", "mixed", "--n", "50", "--horizon", "30m", "--seed", "7", "--instants"}
	replay := []string{"--budget", "3", "--seed", "7", "--json"}
	_, want, _ := schedule(t, "", append(made, replay...)...)
	for _, file := range []string{plain, packed} {
		if code, stdout, stderr := schedule(t, "", append(made, "--out", file)...); code != exitGood || stdout+stderr != "" {
			t.Fatal(code, stdout, stderr)
		}
		if code, stdout, stderr := schedule(t, "", append(replay, "--trace", file)...); code != exitGood || stdout != want {
			t.Error(code, stdout, stderr)
		}
	}
	text, err := os.ReadFile(plain)
	if _, written, _ := schedule(t, "", made...); err != nil || written != string(text) || strings.Count(written, `"instants":true`) != 50 {
		t.Error("standard output got something else than the file", err)
	}
	if zipped, err := os.ReadFile(packed); err != nil || len(zipped) > len(text)/2 {
		t.Error("not in gzip", err)
	}
	if code, stdout, _ := schedule(t, "", append(append(made, replay...), "--out", plain)...); code != exitGood || stdout != want {
		t.Error(code, stdout)
	}
}

func TestATraceThatCannotBeWrittenIsAFailure(t *testing.T) {
	code, _, stderr := schedule(t, "", "--generate", "flash", "--n", "5", "--out", t.TempDir())
	if code != exitFailed || !strings.Contains(stderr, "is a directory") {
		t.Error(code, stderr)
	}
}

func TestAnAbsurdBudgetIsRefusedAtOnce(t *testing.T) {
	code, stdout, stderr := schedule(t, changes, "--trace", "-", "--budget", "1e9")
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, "--budget: too many polls: 1e+09 requests/s for 100 s are 1.0e+11, more than 1e+09\n") {
		t.Error(code, stdout, stderr)
	}
}

func TestAnInterruptedScheduleEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err strings.Builder
	args := []string{"schedule", "--trace", "-", "--budget", "1e6"}
	if code := run(ctx, args, strings.NewReader(changes), &out, &err); code != exitFailed || !strings.Contains(err.String(), "interrupted") {
		t.Error(code, err.String())
	}
}
