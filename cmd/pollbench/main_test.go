package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

// This program is started again as the children of its own tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "child" {
		main()
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // or each child takes a second to end
	os.Exit(m.Run())
}

// try runs a command line.
func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(t.Context(), args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

// quick are the flags of a benchmark that takes a moment.
func quick(file string) []string {
	return []string{"savings", "--clients", "5", "--every=20ms", "--for=200ms", "--interval=100ms", "--first", "5", "--latency=20ms", "--json", file}
}

func skipWithoutProc(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
}

func TestEveryCommandHasExamplesThatParse(t *testing.T) {
	root := newRoot()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		code, help, _ := try(t, strings.Fields(strings.TrimPrefix(cmd.CommandPath(), "pollbench")+" --help")...)
		if code != exitGood || !strings.Contains(help, "Examples:\n  pollbench") || cmd.Long == "" {
			t.Errorf("%s: %d, %q", cmd.CommandPath(), code, help)
		}
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "pollbench "), " &&")
			found, rest, err := newRoot().Find(strings.Fields(line))
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err != nil || !found.HasParent() {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
}

func TestWrongUsageIsTwoAndSaysWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		"":                                           `a benchmark is missing: try "pollbench savings"`,
		"pol":                                        `unknown benchmark "pol": did you mean "poll"? (see "pollbench --help")`,
		"poll now":                                   `unknown argument "now" for "pollbench poll"`,
		"poll --fast":                                `unknown flag: --fast: see "pollbench poll --help"`,
		"poll --clients 0":                           "--clients 0: choose at least 1",
		"poll --for 0s":                              "--for 0s: choose at least 1ms",
		"pass --bulk 2000":                           "--bulk 2000: choose 1 to 1024",
		"fan --mixed 1s":                             "--mixed 1s: choose at least 8s",
		"fan --kinds sse,smoke":                      `--kinds: "smoke" is not one more kind of subscriber`,
		"savings --interval 1ms":                     "--interval 1ms: choose at least 10ms",
		"idle --n 1":                                 "--n 1: choose at least 4",
		"idle --json /nowhere/at/all.json":           "--json /nowhere/at/all.json: there is no such directory",
		"poll --profile /nowhere/at/all/cpu":         "--profile /nowhere/at/all/cpu: there is no such directory",
		"soak --for 10ms":                            "--for 10ms: choose at least 1s",
		"soak --clients 7":                           "--clients 7: choose at least 8",
		"urls --count 0":                             "--count 0: choose at least 1",
		"urls --addresses 255":                       "--addresses 255: choose 1 to 254",
		"check --tolerance 0.5":                      "--tolerance 0.5: choose at least 1",
		"check":                                      "there is no testdata/bench/*.json here",
		"check /nowhere.json":                        "/nowhere.json: no such file",
		"child nurse {}":                             `no such child: "nurse"`,
		"child origin":                               "child takes KIND and OPTIONS",
		"fan --n 0":                                  "--n [0]: choose numbers of at least 1",
		"fan --slow 60%":                             "--slow 60%: choose 0% to 50%",
		"fan --compress br":                          "--compress br: choose gzip or zstd",
		"fan --compress gzip --slow 1%":              "--compress gzip: choose neither --mixed nor --slow beside it",
		"fan --compress gzip --kinds poll":           `--kinds: "poll" is not one more kind of subscriber`,
		"fan --compress zstd --kinds websocket":      "--compress zstd: choose sse and ndjson in --kinds",
		"fan --slow much":                            "--slow much: choose 0% to 50%",
		"fan --body 10":                              "--body 10: choose at least 200",
		"herd --for 10ms":                            "--for 10ms: choose at least 1s",
		"freshness --budget NaN":                     "--budget NaN: choose 1 to 100000 requests per second",
		"freshness --for 10ms":                       "--for 10ms: choose at least 1s",
		"freshness --warm 0s":                        "--warm 0s: choose at least 1s",
		"freshness --n 0":                            "--n 0: choose at least 1",
		"freshness --n 2001":                         "--n: 2001 resources need as many subscribers, and not 2000",
		"freshness --generate poison":                `--generate: there is no kind "poison"`,
		"freshness --trace /nowhere":                 "--trace: open /nowhere: no such file",
		"churn --rate 0":                             "--rate 0: choose at least 1",
		"analyze --lines 9":                          "--lines 9: choose at least 1000",
		"analyze --speed 0.5":                        "--speed 0.5: choose 1 to 100",
		"analyze --within 1":                         "--within 1: choose more than 0",
		"logs --lines 0":                             "--lines 0: choose at least 1",
		"logs --truth /nowhere/at/all.txt":           "--truth /nowhere/at/all.txt: there is no such directory",
		"drain --n 0":                                "--n 0: choose at least 1",
		"upgrade --times 0":                          "--times 0: choose at least 1",
		"reload --times 9":                           "--times 9: choose at least 10",
		"schedule":                                   "--trace and --generate: choose one of them",
		"schedule --trace - --generate poisson":      "--trace and --generate: choose one of them",
		"schedule --trace -":                         "--budget 0: choose requests per second, more than 0",
		"schedule --trace - --budget NaN":            "--budget NaN: choose requests per second, more than 0",
		"schedule --trace - --budget +Inf":           "--budget +Inf: choose requests per second, more than 0",
		"schedule --trace - --budget 1":              "--trace: standard input: it ends in the middle",
		"schedule --trace /nowhere --budget 1":       "--trace: open /nowhere: no such file",
		"schedule --trace - --budget 1 --n 9":        "--n 9: choose this with --generate only",
		"schedule --generate poison":                 `--generate: there is no kind "poison": choose from poisson,`,
		"schedule --generate poisson --n -1":         "--n -1: choose at least 0",
		"schedule --generate poisson --json":         "--json true: choose a --budget beside it",
		"schedule --generate poisson --horizon 100h": "--generate: 1000 resources for 360000 s: choose",
		"schedule --generate flash --budget -1":      "--budget -1: choose requests per second, more than 0",
		"schedule --generate flash --out /nowhere/at/all.json": "--out /nowhere/at/all.json: there is no such directory",
	} {
		code, _, stderr := try(t, strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: %d, %q, not %q", line, code, stderr, want)
		}
	}
}

func TestAnOutcomeIsTableAndJSONAndMayBeABaseline(t *testing.T) {
	skipWithoutProc(t)
	file := filepath.Join(t.TempDir(), "savings.json")
	code, stdout, stderr := try(t, quick(file)...)
	if code != exitGood || !strings.Contains(stdout, "verdict: good") || !strings.Contains(stderr, "savings: 5 clients poll") {
		t.Fatal(code, stdout, stderr)
	}
	var r report
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil || r.Benchmark != "savings" || r.Machine != bench.ThisMachine() || r.Flags["clients"] != "5" || r.Flags["for"] != "200ms" || strings.Contains(string(text), filepath.Dir(file)) {
		t.Errorf("%s, %v", text, err)
	}
	if code, stdout, stderr := try(t, "check", file); code != exitGood || !strings.Contains(stdout, "verdict: good") || strings.Contains(stdout, "another machine") {
		t.Error(code, stdout, stderr)
	}
}

// Those that try pollmux itself, which they build.
func TestWhatStartsPollmuxItselfHasAQuickRun(t *testing.T) {
	skipWithoutProc(t)
	binary := filepath.Join(t.TempDir(), "pollmux")
	if out, err := exec.Command("go", "build", "-o", binary, "../pollmux").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range []string{"drain --quick", "upgrade --quick --times 1 --fresh 4 --kept 8", "reload --quick --times 10"} {
		code, stdout, stderr := try(t, append(strings.Fields(line), "--binary", binary)...)
		if code != exitGood || !strings.Contains(stdout, "verdict: good") {
			t.Errorf("%s: %d, %s%s", line, code, stdout, stderr)
		}
	}
}

// Each command as CI runs it, with the peers that there are.
func TestEachBenchmarkHasAQuickRun(t *testing.T) {
	skipWithoutProc(t)
	if runtime.GOOS != "linux" {
		t.Skip("the clients of most of them need Linux")
	}
	for _, line := range []string{
		"poll --quick --for 20ms --rounds 1",
		"pass --quick --for 20ms --rounds 1 --bulk 1",
		"fan --quick --n 20 --rounds 1 --bursts 1 --kinds sse",
		"fan --quick --n 20 --rounds 1 --bursts 1 --compress gzip",
		"fan --mixed 8s --n 2 --kinds longpoll --quick",
		"herd --quick --n 20 --for 400ms --every 100ms --rounds 2",
		"freshness --quick --n 30 --seed 3",
		"analyze --quick --lines 50000 --replay 4000 --slice 2m",
		"idle --quick --n 8 --points 2 --kinds sse --feed 8 --for 100ms",
	} {
		file := filepath.Join(t.TempDir(), "outcome.json")
		code, stdout, stderr := try(t, append(strings.Fields(line), "--json", file)...)
		text, err := os.ReadFile(file)
		var r report
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if code != exitGood || err != nil || r.Benchmark != strings.Fields(line)[0] || r.Flags["quick"] != "true" || len(r.Ratios) == 0 || !strings.Contains(stdout, "verdict: good") {
			t.Errorf("%s: %d, %v, %s%s", line, code, err, stdout, stderr)
		}
	}
}

func TestABuildThatIsNoneIsRefused(t *testing.T) {
	skipWithoutProc(t)
	if code, _, stderr := try(t, "poll", "--quick", "--pollmux", "/nowhere/pollbench"); code != exitFailed || !strings.Contains(stderr, "/nowhere/pollbench") {
		t.Error(code, stderr)
	}
}

func TestACheckFailsOnARatioThatGotWorse(t *testing.T) {
	skipWithoutProc(t)
	file := filepath.Join(t.TempDir(), "poll.json")
	text := `{"benchmark": "poll", "machine": {"cores": 77}, "flags": {"clients": "4", "for": "50ms", "rounds": "1", "body": "100"},
		"ratios": {"200 from a snapshot, against bare": {"median": 0.001}, "another": {"median": 1}}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := try(t, "check", "--tolerance", "2", file)
	if code != exitFailed {
		t.Error(code, stderr)
	}
	for _, want := range []string{"verdict: BAD", "200 from a snapshot, against bare: at most 0.00", "not measured here", "The baseline is of another machine: 77 cores"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q does not say %q", stdout, want)
		}
	}
}

func TestABaselineThatCannotBeRunAgainIsRefusedBeforeAnythingIsRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "baseline.json")
	for text, want := range map[string]string{
		"{":                    "unexpected end of JSON",
		`{"benchmark": "tap"}`: `it is the outcome of no benchmark that there is: "tap"`,
		`{"benchmark": "poll", "flags": {"clients": "many"}}`: "--clients many: ",
		`{"benchmark": "poll", "flags": {"speed": "9"}}`:      "--speed 9: ",
		`{"benchmark": "poll", "flags": {"clients": "0"}}`:    "--clients 0: choose at least 1",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := try(t, "check", file); code != exitUsage || !strings.Contains(stderr, file+": ") || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d, %q", text, code, stderr)
		}
	}
}

func TestTheRepositorysBaselinesCanBeRunAgainAndNameNoPath(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "bench", "*.json"))
	if err != nil || len(files) != len(newBenchmarks()) {
		t.Fatal(files, err)
	}
	for _, file := range files {
		one, err := readBaseline(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if name := one.Benchmark + ".json"; name != filepath.Base(file) || one.Machine.Cores == 0 || one.Machine.Go == "" {
			t.Errorf("%s: %+v", file, one.Machine)
		}
		if text, _ := os.ReadFile(file); strings.Contains(string(text), `"/`) || strings.Contains(string(text), os.TempDir()) {
			t.Errorf("%s names a path", file)
		}
	}
}

func TestAListOfFlagsIsWrittenAsItIsRead(t *testing.T) {
	cmd := newIdle().cmd
	if err := cmd.Flags().Set("kinds", "sse,websocket"); err != nil {
		t.Fatal(err)
	}
	flags := flagsOf(cmd)
	again := newIdle().cmd
	if err := again.Flags().Set("kinds", flags["kinds"]); err != nil || flagsOf(again)["kinds"] != "sse,websocket" {
		t.Error(flags, err)
	}
}

func TestABadVerdictIsOneAndSaysNothingMore(t *testing.T) {
	if err := judged(bench.Verdict{{Good: true}}); err != nil {
		t.Error(err)
	}
	if err := judged(bench.Verdict{{Good: true}, {}}); !errors.Is(err, errVerdict) {
		t.Error(err)
	}
}

func TestAnInterruptedBenchmarkIsOneAndSaysSo(t *testing.T) {
	skipWithoutProc(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err strings.Builder
	if code := run(ctx, quick(filepath.Join(t.TempDir(), "x")), strings.NewReader(""), &out, &err); code != exitFailed || !strings.Contains(err.String(), "interrupted") {
		t.Error(code, err.String())
	}
}

func TestAChildEndsWithItsInput(t *testing.T) {
	code, stdout, _ := try(t, "child", "origin", "{}")
	var hello struct{ Address string }
	if err := json.Unmarshal([]byte(stdout), &hello); err != nil || code != exitGood || !strings.HasPrefix(hello.Address, "127.0.0.1:") {
		t.Error(code, stdout, err)
	}
}

func TestALogIsWrittenWithWhatEachLineIs(t *testing.T) {
	dir := t.TempDir()
	log, truth := filepath.Join(dir, "access.log"), filepath.Join(dir, "truth.txt")
	if code, stdout, stderr := try(t, "logs", "--lines", "500", "--over", "10m", "--timed", "--out", log, "--truth", truth); code != exitGood || stdout+stderr != "" {
		t.Fatal(code, stdout, stderr)
	}
	_, printed, _ := try(t, "logs", "--lines", "500", "--over", "10m", "--timed")
	text, err := os.ReadFile(log)
	if err != nil || string(text) != printed || strings.Count(printed, "\n") != 500 {
		t.Error(err, len(text), len(printed))
	}
	kinds, err := os.ReadFile(truth)
	if err != nil || strings.Count(string(kinds), "\n") != 500 || !strings.Contains(string(kinds), "browsing\n") {
		t.Error(err, string(kinds))
	}
}
