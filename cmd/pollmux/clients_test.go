package main

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// Clients that nobody here wrote. What is not installed skips its test with a
// reason; in CI, where .ci/run installs it all, that is a failure.

const scripts = "../../testdata/e2e"

// need returns the path of a program.
func need(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, strings.Join(names, " or ")+" is not installed")
	return ""
}

// needScripts returns node, once the npm packages are there.
func needScripts(t *testing.T) string {
	t.Helper()
	node := need(t, "node")
	if _, err := os.Stat(filepath.Join(scripts, "node_modules", "ws")); err != nil {
		missing(t, "run npm ci in testdata/e2e first")
	}
	return node
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("POLLMUX_CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// site is an origin with a resource to watch, behind a proxy.
type site struct {
	*process
	origin *legacy.Faulty
	config string
}

// startSite serves /scores, /camera.png and /page.html.
func startSite(t *testing.T, lines ...string) *site {
	t.Helper()
	s := &site{origin: legacy.NewFaulty(legacy.Answer{Status: 404}, nil), config: filepath.Join(t.TempDir(), "pollmux.yaml")}
	if err := s.origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.origin.Close)
	s.change(1)
	s.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<!doctype html><title>page</title>")}, "/page.html")
	s.origin.Answer(legacy.Answer{Body: []byte("received")}, "/messages")
	s.says("text")
	write(t, s.config, siteConfig("127.0.0.1:0", s.origin.URL(), lines))
	s.process = start(t, "--config", s.config)
	return s
}

func siteConfig(listen, origin string, lines []string) string {
	return fmt.Sprintf(`listen: %q
admin: {listen: "127.0.0.1:0"}
drain_timeout: 5s
%s
upstreams: {api: {servers: [%q], timeout: 2s}}
routes:
  - {path: /scores, upstream: api, interval: 100ms}
  - {path: /text, upstream: api, interval: 100ms, compress: {streams: true}, websocket: {compress: true}}
  - {path: /camera.png, upstream: api, interval: 100ms, transport_query: as}
  - {path: /**, upstream: api, mode: pass}
`, listen, strings.Join(lines, "\n"), origin)
}

// change makes version n: its number, and a picture as wide as that.
func (s *site) change(n int) {
	s.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: fmt.Appendf(nil, `{"v":%d}`, n)}, "/scores")
	var picture bytes.Buffer
	_ = png.Encode(&picture, image.NewGray(image.Rect(0, 0, n, 1)))
	s.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"image/png"}}, Body: picture.Bytes()}, "/camera.png")
}

// says makes /text a text.
func (s *site) says(text string) {
	s.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}, "/text")
}

// nastyTexts are what an event stream has to be careful with.
var nastyTexts = []string{
	"", "\n", "\r", "\r\n", "\n\n", "a\nb", "a\r\rb", "a\r\nb\r\n", "\x00", "a\x00b", "\ufeff", "\ufeff\ufeffx", "\u2028\u2029", " leading", ":", ": x", "data: x", "\n\ndata: x\n\n",
	"id: 1\nretry: 1\nevent: y\n\n", "\U0001F600\t\u00e9", "x" + strings.Repeat("\n", 1000) + "y", strings.Repeat("z", 1<<20),
}

func (s *site) url() string { return "http://" + s.serve }

// program is a client in a process of its own, whose lines are read.
type program struct {
	t     *testing.T
	lines *await.Log
}

// launch runs a program until the test ends. It ends when its input does.
func launch(t *testing.T, name string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(name, args...)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, lines: &await.Log{}}
	cmd.Stdout, cmd.Stderr = p.lines, p.lines
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		kill := time.AfterFunc(time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
	})
	return p
}

// hears waits until the program has printed a line so often.
func (p *program) hears(line string, times int) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("heard so far:\n%s", p.lines)
		}
	}()
	await.Until(p.t, "the program prints "+line, func() bool {
		return strings.Count("\n"+p.lines.String(), "\n"+line+"\n") >= times
	})
}

func TestCurlStreams(t *testing.T) {
	curl := need(t, "curl")
	s := startSite(t)
	version := 1
	for accept, line := range map[string]string{"text/event-stream": `data: {"v":%d}`, "application/x-ndjson": `{"v":%d}`} {
		p := launch(t, curl, "-sN", "--max-time", "60", "-H", "Accept: "+accept, s.url()+"/scores")
		for range 3 {
			p.hears(fmt.Sprintf(line, version), 1)
			version++
			s.change(version)
		}
		p.hears(fmt.Sprintf(line, version), 1)
	}
	features, err := exec.Command(curl, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	for accept, feature := range map[string]string{"gzip": "libz", "zstd": "zstd"} {
		if !bytes.Contains(features, []byte(feature)) {
			missing(t, "this curl has no "+feature)
		}
		s.says(accept + strings.Repeat(" and more", 100))
		p := launch(t, curl, "-sNi", "--max-time", "60", "--compressed", "-H", "Accept: text/event-stream", "-H", "Accept-Encoding: "+accept, s.url()+"/text")
		p.hears("Content-Encoding: "+accept+"\r", 1)
		p.hears("data: "+accept+strings.Repeat(" and more", 100), 1)
		s.says("another")
		p.hears("data: another", 1)
	}
	out, err := exec.Command(curl, "-s", "--http1.0", s.url()+"/scores").Output()
	if err != nil || string(out) != fmt.Sprintf(`{"v":%d}`, version) {
		t.Errorf("HTTP/1.0: %q, %v", out, err)
	}
}

func TestTheNPMPackagesStreamAndComeBack(t *testing.T) {
	node := needScripts(t)
	s := startSite(t)
	p := launch(t, node, filepath.Join(scripts, "clients.mjs"), s.url(), "/scores")
	p.hears(`eventsource {"v":1}`, 1)
	p.hears(`ws {"v":1}`, 1)
	s.change(2)
	p.hears(`eventsource {"v":2}`, 1)
	p.hears(`ws {"v":2}`, 1)

	// The origin goes away and comes back.
	s.origin.Close()
	p.hears("eventsource-status stale", 1)
	s.change(3)
	if err := s.origin.Listen(s.origin.Addr()); err != nil {
		t.Fatal(err)
	}
	p.hears(`eventsource {"v":3}`, 1)
	p.hears(`ws {"v":3}`, 1)

	// The proxy is restarted: both are told, and come back by themselves.
	address := s.serve
	if code := s.end(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	p.hears("ws close 1012", 1)
	write(t, s.config, siteConfig(address, s.origin.URL(), nil))
	s.process = start(t, "--config", s.config)
	s.change(4)
	p.hears(`ws {"v":4}`, 1)
	p.hears(`eventsource {"v":4}`, 1)
}

// An event's lines end in LF, whatever ended them before; all else comes as it
// is.
func TestTheNPMPackagesHearEveryTextToTheByte(t *testing.T) {
	node := needScripts(t)
	s := startSite(t)
	p := launch(t, node, filepath.Join(scripts, "bodies.mjs"), s.url()+"/text")
	p.hears(fmt.Sprintf("eventsource %x", "text"), 1)
	p.hears(fmt.Sprintf("ws %x", "text"), 1)
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	for i, text := range nastyTexts {
		text = fmt.Sprintf("%s %d", text, i) // or a line feed is heard as CR was
		s.says(text)
		p.hears(fmt.Sprintf("eventsource %x", lines.Replace(text)), 1)
		p.hears(fmt.Sprintf("ws %x", text), 1)
	}
}

func TestAnEventSourceOutlivesAFullProxy(t *testing.T) {
	node := needScripts(t)
	s := startSite(t, "limits: {connections: 2}")
	var blockers []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", s.serve)
		if err != nil {
			t.Fatal(err)
		}
		blockers = append(blockers, c)
	}
	p := launch(t, node, filepath.Join(scripts, "clients.mjs"), s.url(), "/scores")
	p.hears("eventsource open", 1)
	for _, c := range blockers {
		_ = c.Close()
	}
	p.hears(`eventsource {"v":1}`, 1)
}

func TestChromiumStreamsPollsAndShowsALivePicture(t *testing.T) {
	node := needScripts(t)
	chromium := need(t, "chromium", "chromium-browser", "google-chrome")
	s := startSite(t)
	p := launch(t, node, filepath.Join(scripts, "browser.mjs"), s.url(), chromium, t.TempDir())
	for version := range 3 {
		n := version + 1
		s.change(n)
		p.hears(fmt.Sprintf(`eventsource {"v":%d}`, n), 1)
		p.hears(fmt.Sprintf(`websocket {"v":%d}`, n), 1)
		p.hears(fmt.Sprintf(`fetch {"v":%d}`, n), 1)
		p.hears(fmt.Sprintf(`image %d`, n), 1)
	}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	for i, text := range nastyTexts {
		text = fmt.Sprintf("%s %d", text, i)
		s.says(text)
		p.hears(fmt.Sprintf("text %x", lines.Replace(text)), 1)
	}
	s.origin.Close()
	p.hears("eventsource-status stale", 1)
	s.change(4)
	if err := s.origin.Listen(s.origin.Addr()); err != nil {
		t.Fatal(err)
	}
	p.hears(`eventsource {"v":4}`, 1)
	p.hears(`websocket {"v":4}`, 1)
	if strings.Contains(p.lines.String(), "error ") {
		t.Errorf("the page failed:\n%s", p.lines)
	}
}

func TestWrkPollsWithoutAnError(t *testing.T) {
	wrk := need(t, "wrk")
	s := startSite(t)
	before := s.origin.Total()
	out, err := exec.Command(wrk, "-t1", "-c50", "-d2s", s.url()+"/scores").CombinedOutput()
	if err != nil || strings.Contains(string(out), "Non-2xx") || strings.Contains(string(out), "Socket errors") {
		t.Fatalf("%v\n%s", err, out)
	}
	var requests int
	for scanner := bufio.NewScanner(bytes.NewReader(out)); scanner.Scan(); {
		_, _ = fmt.Sscanf(strings.TrimSpace(scanner.Text()), "%d requests in", &requests)
	}
	polls := s.origin.Total() - before
	if requests < 1000 || polls > requests/10 {
		t.Errorf("%d polls for %d requests", polls, requests)
	}
	t.Logf("%d polls for %d requests", polls, requests)
}
