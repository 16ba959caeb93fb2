package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// runLine runs a command line to its end.
func runLine(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestAWrongCommandLineExitsWith2AndSaysWhatToDoInOneLine(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, `a command is missing: try "pollmux demo" or "pollmux serve --help"`},
		{[]string{"sreve"}, `unknown command "sreve": did you mean "serve"? (see "pollmux --help")`},
		{[]string{"serve"}, `serve needs --config FILE or --upstream URL: see "pollmux serve --help"`},
		{[]string{"serve", "--config", "x", "--upstream", "http://x"}, "--config and --upstream exclude each other: put the upstream into the file"},
		{[]string{"serve", "--config", "x", "--interval", "2s"}, "--interval goes with --upstream: put it into the file"},
		{[]string{"serve", "--upstream", "http://x", "--interval", "soon"}, `invalid argument "soon" for "--interval" flag: time: invalid duration "soon": see "pollmux serve --help"`},
		{[]string{"serve", "--bogus"}, `unknown flag: --bogus: see "pollmux serve --help"`},
		{[]string{"serve", "extra", "--upstream", "http://x"}, `unknown argument "extra" for "pollmux serve" (see "pollmux serve --help")`},
		{[]string{"serve", "pollmux.yaml"}, "serve takes its configuration as a flag: did you mean --config pollmux.yaml?"},
		{[]string{"explain"}, `explain takes one URL: see "pollmux explain --help"`},
		{[]string{"explain", "/x"}, `explain needs --config FILE or --admin URL: see "pollmux explain --help"`},
		{[]string{"explain", "--config", "x", "--admin", "y", "/x"}, "--config and --admin exclude each other: one is a file, the other a running proxy"},
		{[]string{"explain", "--config", "x", "x"}, "the URL is neither a path such as /api/scores nor one such as http://api.example.com/api/scores"},
		{[]string{"explain", "--config", "x", "-H", "secret", "/x"}, `a header is not written as "Name: value"`},
		{[]string{"explain", "--config", "x", "--from", "me", "/x"}, "--from is no address; write one such as 192.0.2.7"},
		{[]string{"explain", "--admin", "ftp://x", "/x"}, "--admin: the admin URL is none; write one such as http://127.0.0.1:9090"},
		{[]string{"top", "x"}, `unknown argument "x" for "pollmux top" (see "pollmux top --help")`},
		{[]string{"top", "--interval", "1ms"}, "--interval is 1ms; write one from 100ms to 1h0m0s"},
		{[]string{"top", "--admin", "http://a:b@c"}, "--admin: the admin URL has a user name; set POLLMUX_ADMIN_TOKEN to the token instead"},
		{[]string{"report", "x"}, `unknown argument "x" for "pollmux report" (see "pollmux report --help")`},
		{[]string{"report", "--for", "-1s"}, "--for is negative; write a time such as 60s"},
		{[]string{"report", "--for", "1s", "--since", "x"}, "--for and --since exclude each other: one is a time from now on, the other one up to now"},
		{[]string{"report", "--for", "1s", "--stats", "x"}, "--for needs a running proxy: leave out --stats"},
		{[]string{"report", "--admin", "x:1", "--stats", "x"}, "--stats and --admin exclude each other: one is a file, the other a running proxy"},
		{[]string{"report", "--currency", "EUR"}, "--currency goes with --cost-per-million-requests"},
		{[]string{"report", "--cost-per-million-requests", "-1"}, "--cost-per-million-requests is negative; write an amount such as 0.40"},
		{[]string{"check"}, `check takes one FILE: see "pollmux check --help"`},
		{[]string{"check", "a", "b"}, `check takes one FILE: see "pollmux check --help"`},
		{[]string{"version", "x"}, `unknown argument "x" for "pollmux version" (see "pollmux version --help")`},
		{[]string{"nothing", "--help"}, `unknown command "nothing" (see "pollmux --help")`},
		{[]string{"--help", "sreve"}, `unknown command "sreve": did you mean "serve"? (see "pollmux --help")`},
		{[]string{"help", "nothing"}, `unknown command "nothing" (see "pollmux --help")`},
		{[]string{"help", "serve", "x"}, `unknown argument "x" for "pollmux serve" (see "pollmux serve --help")`},
		{[]string{"completion"}, `completion takes one shell, bash, fish, powershell or zsh: see "pollmux completion --help"`},
		{[]string{"completion", "foo"}, `unknown command "foo" (see "pollmux completion --help")`},
		{[]string{"completion", "foo", "--help"}, `unknown command "foo" (see "pollmux completion --help")`},
		{[]string{"completion", "bsh"}, `unknown command "bsh": did you mean "bash"? (see "pollmux completion --help")`},
		{[]string{"completion", "zsh", "x"}, `unknown argument "x" for "pollmux completion zsh" (see "pollmux completion zsh --help")`},
	} {
		code, stdout, stderr := runLine(t, test.args...)
		if code != 2 || stderr != "pollmux: "+test.want+"\n" || stdout != "" && test.args != nil {
			t.Errorf("%v: exit %d, %q, %q", test.args, code, stdout, stderr)
		}
	}
}

func TestAnUpstreamThatIsNoURLIsRefused(t *testing.T) {
	for _, upstream := range []string{"127.0.0.1:9000", "ftp://x", "http://", "http://x/path", "http://u:hunter2@x", "http://u:hunter2@x:y", "://"} {
		code, _, stderr := runLine(t, "serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
		if code != 2 || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "pollmux: --upstream: ") || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit %d, %q", upstream, code, stderr)
		}
	}
}

func TestAProblemOfAFlagNamesTheFlag(t *testing.T) {
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--upstream", "http://x/v1"}, `--upstream: has the path "/v1", but requests keep their own; write http://host:port or https://host`},
		{[]string{"--listen", "80"}, `--listen: "80" is not host:port; write 127.0.0.1:8080, or :8080 for every interface`},
		{[]string{"--admin", "80"}, `--admin: "80" is not host:port; write 127.0.0.1:8080, or :8080 for every interface`},
		{[]string{"--admin", "127.0.0.1:8080"}, `--admin: "127.0.0.1:8080" is already taken by --listen ("127.0.0.1:8080"); write another port`},
		{[]string{"--admin", ":9090"}, `--admin: ":9090" can be reached from other machines and has no token; use --config with admin.token in the file, or listen on 127.0.0.1, [::1] or localhost`},
		{[]string{"--interval", "1ms"}, `--interval: 1ms is too short; at least 10ms is allowed`},
	} {
		code, _, stderr := runLine(t, append([]string{"serve", "--upstream", "http://127.0.0.1:9"}, test.flags...)...)
		if code != 2 || stderr != "pollmux: "+test.want+"\n" {
			t.Errorf("%v: exit %d, %q", test.flags, code, stderr)
		}
	}
}

func TestVersionTellsVersionGoAndRevision(t *testing.T) {
	code, stdout, _ := runLine(t, "version")
	if code != 0 || !regexp.MustCompile(`^pollmux \S+ go\S+ \S+\n$`).MatchString(stdout) {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

func TestCheckPrintsEveryProblemWithItsLine(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml")
	write(t, good, "upstreams: {api: {servers: ['http://127.0.0.1:9000']}}\nroutes: [{path: /**, upstream: api}]\n")
	write(t, bad, "listne: x\nupstreams: {api: {servers: ['http://127.0.0.1:9000']}}\nroutes:\n  - {path: api, upstream: other, interval: soon}\n")
	if code, stdout, _ := runLine(t, "check", good); code != 0 || !strings.Contains(stdout, "good") {
		t.Errorf("exit %d, %q", code, stdout)
	}
	code, stdout, stderr := runLine(t, "check", bad)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 1 || len(lines) < 4 || stderr != "" {
		t.Fatalf("exit %d, %q, %q", code, stdout, stderr)
	}
	for _, line := range lines {
		if !regexp.MustCompile(`^` + regexp.QuoteMeta(bad) + `:\d+: [a-z_\[\]0-9.]+: .+$`).MatchString(line) {
			t.Errorf("%q", line)
		}
	}
	if code, _, stderr := runLine(t, "check", filepath.Join(dir, "missing.yaml")); code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "; check the path") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if code, _, stderr := runLine(t, "serve", "--config", bad); code != 1 || strings.Count(stderr, "\n") != len(lines) {
		t.Errorf("serve: exit %d, %q", code, stderr)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAPortInUseSaysWhichAndWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, flags := range [][]string{
		{"--listen", l.Addr().String(), "--admin", "127.0.0.1:0"},
		{"--admin", l.Addr().String(), "--listen", "127.0.0.1:0"},
	} {
		code, _, stderr := runLine(t, append([]string{"serve", "--upstream", "http://127.0.0.1:9"}, flags...)...)
		if code != 1 || !strings.HasPrefix(stderr, "pollmux: "+flags[0]+": ") || !strings.Contains(stderr, "address already in use: choose another address") {
			t.Errorf("exit %d, %q", code, stderr)
		}
	}
}

// process is a serve that runs in the background.
type process struct {
	t            *testing.T
	stop         context.CancelFunc
	exit         chan int
	log          *await.Log
	serve, admin string
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	p := &process{t: t, stop: stop, exit: make(chan int, 1), log: &await.Log{}}
	go func() { p.exit <- run(ctx, append([]string{"serve"}, args...), io.Discard, p.log) }()
	t.Cleanup(func() { p.end() })
	p.serve, p.admin = p.address("serving"), p.address("admin")
	return p
}

// address waits for a log line that tells it.
func (p *process) address(message string) string {
	p.t.Helper()
	line := regexp.MustCompile(`msg=` + message + ` address=(\S+)`)
	var found []string
	await.Until(p.t, "the log tells an address", func() bool {
		found = line.FindStringSubmatch(p.log.String())
		return found != nil
	})
	return found[1]
}

func (p *process) end() int {
	p.stop()
	select {
	case code := <-p.exit:
		p.exit <- code
		return code
	case <-time.After(await.Patience):
		p.t.Error("it does not end")
		return -1
	}
}

func fetch(t *testing.T, url string, fields ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestServeWithAnUpstreamPollsOnceForEverybody(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	p := start(t, "--upstream", origin.URL(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--interval", "1h")
	for range 10 {
		if status, body := fetch(t, "http://"+p.serve+"/x"); status != 200 || body != "hello" {
			t.Fatalf("%d %q", status, body)
		}
	}
	if n := origin.Total(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
	if status, body := fetch(t, "http://"+p.admin+"/api/stats"); status != 200 || !strings.Contains(body, `"saved_requests_measured": 9`) {
		t.Errorf("%d\n%s", status, body)
	}
	if status, _ := fetch(t, "http://"+p.admin+"/readyz"); status != 200 {
		t.Errorf("readyz %d", status)
	}
	if code := p.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestAnUnreachableUpstreamIsToldAndServedAnyway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	p := start(t, "--upstream", "http://"+address, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if status, body := fetch(t, "http://"+p.admin+"/readyz"); status != 503 || !strings.Contains(body, "upstream") {
		t.Errorf("readyz %d %q", status, body)
	}
	if status, _ := fetch(t, "http://"+p.admin+"/healthz"); status != 200 {
		t.Errorf("healthz %d", status)
	}
	if status, body := fetch(t, "http://"+p.serve+"/x"); status != 502 || !strings.Contains(body, "the origin cannot be reached") {
		t.Errorf("%d %q", status, body)
	}
	await.Until(t, "the log says so", func() bool { return strings.Contains(p.log.String(), "not ready yet; serving anyway") })
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
	if err := origin.Listen(address); err != nil {
		t.Skipf("somebody took the port: %v", err)
	}
	defer origin.Close()
	if status, body := fetch(t, "http://"+p.admin+"/readyz"); status != 200 {
		t.Errorf("readyz %d %q", status, body)
	}
}

func TestServeDrainsBeforeItEnds(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, fmt.Sprintf("listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}\ndrain_timeout: 10s\nupstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, upstream: api}]\n", origin.URL()))
	p := start(t, "--config", file)
	var clients sync.WaitGroup
	for _, accept := range []string{"text/event-stream", "application/json"} {
		clients.Go(func() {
			fields := []string{"Accept", accept}
			if accept == "application/json" {
				fields = []string{"Prefer", "wait=60", "If-None-Match", "*"}
			}
			if status, body := fetch(t, "http://"+p.serve+"/x", fields...); status != 200 && status != 304 {
				t.Errorf("%s: %d %q", accept, status, body)
			}
		})
	}
	await.Until(t, "two are held", func() bool {
		_, body := fetch(t, "http://"+p.admin+"/metrics")
		return strings.Contains(body, `pollmux_subscribers{route="/**",transport="sse"} 1`) && strings.Contains(body, `pollmux_subscribers{route="/**",transport="longpoll"} 1`)
	})
	if code := p.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	clients.Wait()
	if log := p.log.String(); !strings.Contains(log, "draining") || !strings.Contains(log, "stopped") || strings.Contains(log, "cut off") {
		t.Errorf("the log:\n%s", log)
	}
}
