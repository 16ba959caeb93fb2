package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/testdata/pki"
)

// place is a pollmux that serves by a file, and the origin that it is before.
type place struct {
	*process
	t      *testing.T
	origin *legacy.Faulty
	file   string
}

func newPlace(t *testing.T, lines ...string) *place {
	s := &place{t: t, file: filepath.Join(t.TempDir(), "pollmux.yaml"), origin: legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)}
	if err := s.origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.origin.Close)
	write(t, s.file, s.yaml(lines...))
	s.process = start(t, "--config", s.file)
	return s
}

// yaml is a configuration of one route. Lines that have no indentation are for the top.
func (s *place) yaml(lines ...string) string {
	top, route := "listen: \"127.0.0.1:0\"\nadmin: {listen: \"127.0.0.1:0\"}\n", ""
	for _, line := range lines {
		if strings.HasPrefix(line, " ") {
			route += "   " + line + "\n"
		} else {
			key, _, _ := strings.Cut(line, ":")
			kept := ""
			for own := range strings.Lines(top) {
				if !strings.HasPrefix(own, key+":") {
					kept += own
				}
			}
			top = kept + line + "\n"
		}
	}
	return fmt.Sprintf("%supstreams: {api: {servers: [%q]}}\nroutes:\n  - path: /**\n    name: all\n    upstream: api\n%s", top, s.origin.URL(), route)
}

// config is what is told of the configuration.
func (s *place) config() ledger.Config {
	s.t.Helper()
	_, body := fetch(s.t, "http://"+s.admin+"/api/stats")
	var stats ledger.Stats
	if err := json.Unmarshal([]byte(body), &stats); err != nil {
		s.t.Fatal(err)
	}
	return stats.Config
}

// post reloads at the admin listener.
func (s *place) post() (int, string) {
	s.t.Helper()
	resp, err := http.Post("http://"+s.admin+"/api/reload", "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// replace puts another file in the place of one, as editors do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestAFileIsReadAnewHoweverItIsChanged(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path, text string){
		"written in place":        write,
		"renamed over":            replace,
		"away for a moment first": func(t *testing.T, path, text string) { _ = os.Remove(path); replace(t, path, text) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newPlace(t, " interval: 1h")
			begun := s.config()
			change(t, s.file, s.yaml(" interval: 2h"))
			await.Until(t, "it is loaded", func() bool { return s.config().Reloads == 1 })
			if now := s.config(); now.Revision == begun.Revision || len(now.Revision) != 12 || !now.LoadedAt.After(begun.LoadedAt) || now.LastError != nil {
				t.Errorf("%+v, then %+v", begun, now)
			}
			await.Until(t, "the log says so", func() bool {
				return strings.Contains(s.log.String(), `msg="another configuration is in force"`) && strings.Contains(s.log.String(), `trigger=file`) && strings.Contains(s.log.String(), `changed="[route all changed]" feeds=0`)
			})
		})
	}
}

// A ConfigMap is a directory of links, which lead through a link that is replaced.
func TestAConfigMapIsReadAnew(t *testing.T) {
	s := newPlace(t)
	mount := t.TempDir()
	swap := func(generation, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(mount, generation), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(mount, generation, "pollmux.yaml"), text)
		if err := os.Symlink(generation, filepath.Join(mount, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(mount, "..tmp"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	swap("..1", s.yaml(" interval: 1h"))
	s.file = filepath.Join(mount, "pollmux.yaml")
	if err := os.Symlink("..data/pollmux.yaml", s.file); err != nil {
		t.Fatal(err)
	}
	s.process = start(t, "--config", s.file)
	for i, interval := range []string{"2h", "3h"} {
		swap(fmt.Sprintf("..%d", i+2), s.yaml(" interval: "+interval))
		_ = os.RemoveAll(filepath.Join(mount, fmt.Sprintf("..%d", i+1)))
		await.Until(t, "it is loaded", func() bool { return s.config().Reloads == int64(i+1) })
	}
}

func TestABadFileIsRefusedWithAllItsProblemsOnce(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	fetch(t, "http://"+s.serve+"/x")
	replace(t, s.file, s.yaml(" intervall: 1h", " share: everybody"))
	await.Until(t, "it is refused", func() bool { return s.config().Refused == 1 })
	c := s.config()
	if c.LastError == nil || !strings.HasPrefix(*c.LastError, s.file+":") || !strings.HasSuffix(*c.LastError, "(and 1 more)") || c.Reloads != 0 {
		t.Errorf("%+v", c)
	}
	log := s.log.String()
	for _, want := range []string{`intervall: unknown key; did you mean \"interval\"?`, `share: \"everybody\" is not known`} {
		if n := strings.Count(log, want); n != 1 {
			t.Errorf("%q is said %d times\n%s", want, n, log)
		}
	}
	if status, body := fetch(t, "http://"+s.serve+"/x"); status != 200 || body != "hello" || s.origin.Total() != 1 {
		t.Errorf("%d %q, %d requests", status, body, s.origin.Total())
	}
	if _, metrics := fetch(t, "http://"+s.admin+"/metrics"); !strings.Contains(metrics, "pollmux_config_last_reload_successful 0") || !strings.Contains(metrics, `pollmux_config_reloads_total{result="refused"} 1`) {
		t.Error("the metrics do not tell")
	}
	replace(t, s.file, s.yaml(" interval: 1h"))
	await.Until(t, "the old one again is no change", func() bool { return s.config().Unchanged == 1 && s.config().LastError == nil })
}

func TestWhatWasRefusedIsNotToldAgain(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	c, err := config.Parse(s.file, []byte(s.yaml(" interval: 1h")))
	if err != nil {
		t.Fatal(err)
	}
	var log await.Log
	logs := newLogs(&log, &log, config.Default().Log)
	defer logs.close()
	x := newReloads(s.file, logs.log.Logger())
	defer x.close()
	r, err := newRunning(c, names{"listen", "admin.listen"}, logs, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	x.begin(r)
	for _, bad := range []string{"routes: 1\n", "routes: 2\n"} {
		write(t, s.file, bad)
		for range 3 {
			x.look(t.Context(), r)
		}
	}
	if n := strings.Count(log.String(), "is refused"); n != 2 {
		t.Errorf("told %d times\n%s", n, &log)
	}
	x.load(r) // whoever asks is told
	if n := strings.Count(log.String(), "is refused"); n != 3 {
		t.Errorf("told %d times\n%s", n, &log)
	}
}

func TestPostReloadAnswersWithWhatHasChanged(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	if status, body := s.post(); status != 200 || !strings.Contains(body, `"result": "unchanged"`) {
		t.Errorf("%d %s", status, body)
	}
	write(t, s.file, s.yaml(" interval: 2h"))
	status, body := s.post()
	if status != 200 || !strings.Contains(body, `"result": "applied"`) && !strings.Contains(body, `"result": "unchanged"`) {
		t.Errorf("%d %s", status, body)
	}
	write(t, s.file, "routes: []\n")
	if status, body := s.post(); status != 422 || !strings.HasPrefix(body, s.file+":") {
		t.Errorf("%d %s", status, body)
	}
	_ = os.Remove(s.file)
	if status, body := s.post(); status != 422 || !strings.Contains(body, "no such file or directory; check the path") {
		t.Errorf("%d %s", status, body)
	}
}

// A configuration that says the same names files that may not: the certificate that
// servers are shown, and the authorities of theirs.
func TestTheFilesOfAnUpstreamAreReadAgain(t *testing.T) {
	cert, key := pki.New(t).Pair("127.0.0.1")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
	origin.ListenOn(l)
	t.Cleanup(origin.Close)
	dir := t.TempDir()
	other, _ := pki.New(t).Pair("127.0.0.1")
	ca, file := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "pollmux.yaml")
	write(t, ca, string(other))
	write(t, file, fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: {listen: \"127.0.0.1:0\"}\nupstreams: {api: {servers: [\"https://%s\"], tls: {ca: %q}}}\nroutes: [{path: /**, upstream: api, mode: pass}]\n", l.Addr(), ca))
	s := &place{t: t, file: file, process: start(t, "--config", file)}
	if status, body := fetch(t, "http://"+s.serve+"/x", "Connection", "close"); status != 502 {
		t.Fatalf("%d %s", status, body)
	}
	write(t, ca, string(cert))
	if status, body := s.post(); status != 200 || !strings.Contains(body, `"result": "applied"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := fetch(t, "http://"+s.serve+"/x", "Connection", "close"); status != 200 || body != "hello" {
		t.Errorf("%d %s", status, body)
	}
	write(t, ca, "nothing")
	if status, _ := s.post(); status != 422 {
		t.Errorf("a file that is not good: %d", status)
	}
	write(t, ca, string(cert))
	if status, body := s.post(); status != 200 || !strings.Contains(body, `"result": "unchanged"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestWithoutAFileThereIsNothingToReload(t *testing.T) {
	origin := newPlace(t).origin
	s := &place{t: t, process: start(t, "--upstream", origin.URL(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")}
	if status, body := s.post(); status != 409 || body != "there is no configuration to reload\n" {
		t.Errorf("%d %s", status, body)
	}
	hangup(t)
	await.Until(t, "the log says so", func() bool { return strings.Contains(s.log.String(), "there is no file to reload") })
	if status, _ := fetch(t, "http://"+s.serve+"/x"); status != 200 {
		t.Errorf("it serves %d", status)
	}
}

func hangup(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestSIGHUPLoadsTheFile(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	hangup(t)
	await.Until(t, "it is loaded", func() bool { return s.config().Unchanged == 1 })
}

func TestListenersMoveAndThoseWhoAreThereStay(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	c := hold(t, s.serve)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().String()
	write(t, s.file, s.yaml(fmt.Sprintf("listen: %q", taken), " interval: 2h"))
	if status, body := s.post(); status != 422 || !strings.Contains(body, "address already in use") {
		t.Errorf("%d %s", status, body)
	}
	if s.config().Reloads != 0 {
		t.Error("half of it is in force")
	}
	_ = l.Close()
	if status, body := s.post(); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := fetch(t, "http://"+taken+"/x"); status != 200 {
		t.Errorf("there: %d", status)
	}
	if old, err := net.Dial("tcp", s.serve); err == nil {
		_ = old.Close()
		t.Error("the old one is still open")
	}
	s.origin.Answer(legacy.Answer{Body: []byte("changed")})
	if resp, err := http.Post("http://"+s.admin+"/api/refresh?path=/x", "", nil); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	c.until("changed")
}

func TestTheLogAndTheTokenChange(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	write(t, s.file, s.yaml("log: {format: json}", "admin: {listen: \"127.0.0.1:0\", token: \"0123456789abcdef\"}"))
	s.post()
	if status, _ := fetch(t, "http://"+s.admin+"/api/stats"); status != 401 {
		t.Errorf("without the token: %d", status)
	}
	if status, _ := fetch(t, "http://"+s.admin+"/api/stats", "Authorization", "Bearer 0123456789abcdef"); status != 200 {
		t.Errorf("with it: %d", status)
	}
	await.Until(t, "the log is JSON", func() bool { return strings.Contains(s.log.String(), `"msg":"another configuration is in force"`) })
}

// held is a client that is held by a stream.
type held struct {
	t    *testing.T
	from *bufio.Reader
}

func hold(t *testing.T, address string) *held {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	if _, err := fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	h := &held{t: t, from: bufio.NewReader(c)}
	h.until("data:")
	return h
}

// until reads up to a line that has this in it.
func (h *held) until(text string) {
	h.t.Helper()
	for {
		line, err := h.from.ReadString('\n')
		if err != nil {
			h.t.Fatalf("before %q: %v", text, err)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// The full size is pollbench reload.
func TestReloadsUnderLoadDropNobodyAndHalfOfThemAreRefused(t *testing.T) {
	s := newPlace(t, " interval: 50ms")
	var clients []*held
	for range 100 {
		clients = append(clients, hold(t, s.serve))
	}
	stop, failures := make(chan struct{}), make(chan string, 100)
	var polls atomic.Int64
	var pollers sync.WaitGroup
	for range 4 {
		pollers.Go(func() { s.pollUntil(stop, &polls, failures) })
	}
	const reloads = 20
	for i := range int64(reloads) {
		before := polls.Load()
		if i%2 == 0 {
			replace(t, s.file, s.yaml(fmt.Sprintf(" interval: %dms", 50+i), " stale_if_error: 30s"))
		} else {
			replace(t, s.file, s.yaml(" interval: never"))
		}
		await.Until(t, "it is taken or refused", func() bool { c := s.config(); return c.Reloads == i/2+1 && c.Refused == (i+1)/2 })
		await.Until(t, "there is load", func() bool { return polls.Load() > before+50 })
	}
	close(stop)
	pollers.Wait()
	close(failures)
	for failure := range failures {
		t.Error(failure)
	}
	s.origin.Answer(legacy.Answer{Body: []byte("last")})
	for _, c := range clients {
		c.until("last")
	}
}

func (s *place) pollUntil(stop <-chan struct{}, polls *atomic.Int64, failures chan<- string) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-stop:
			return
		default:
		}
		resp, err := client.Get("http://" + s.serve + "/x")
		if err != nil {
			failures <- err.Error()
			return
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			failures <- fmt.Sprint(resp.Status, err)
			return
		}
		polls.Add(1)
	}
}

func TestAFileIsLookedAtWithoutBeingToldOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{changed: make(chan struct{}, 1), file: "/nowhere/pollmux.yaml", stop: make(chan struct{})}
		w.done.Go(w.run)
		begin := time.Now()
		for range 3 {
			<-w.changed
		}
		if took := time.Since(begin); took != 3*lookEvery {
			t.Errorf("three looks took %v", took)
		}
		w.close()
	})
}

func TestWhatNeedsARestartIsRefused(t *testing.T) {
	s := newPlace(t, " interval: 1h")
	for _, test := range []struct{ line, want string }{
		{"reuse_port: true", "reuse_port cannot change while pollmux runs: restart it"},
		{"tls: " + newPair(t, "localhost"), "cannot change between TLS and plain HTTP while clients come by it: restart pollmux, or take another port"},
	} {
		write(t, s.file, s.yaml(test.line, " interval: 2h"))
		if status, body := s.post(); status != 422 || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %s", test.line, status, body)
		}
	}
	if c := s.config(); c.Reloads != 0 || c.LastError == nil {
		t.Errorf("%+v", c)
	}
}

// newPair writes a certificate and its key, and returns how a configuration names them.
func newPair(t *testing.T, name string) string {
	t.Helper()
	c, k := pki.New(t).Pair(name)
	cert, key := pki.Files(t, t.TempDir(), c, k)
	return fmt.Sprintf("{cert: %q, key: %q}", cert, key)
}

func TestASocketShowsOtherCertificatesFromThenOn(t *testing.T) {
	s := newPlace(t, "tls: "+newPair(t, "one.example"), " interval: 1h")
	shown := func() string {
		t.Helper()
		c, err := tls.Dial("tcp", s.serve, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	if name := shown(); name != "one.example" {
		t.Fatal(name)
	}
	write(t, s.file, s.yaml("tls: "+newPair(t, "two.example"), " interval: 1h"))
	if status, body := s.post(); status != 200 {
		t.Fatal(body)
	}
	if name := shown(); name != "two.example" {
		t.Error(name)
	}
	if _, metrics := fetch(t, "http://"+s.admin+"/metrics"); strings.Count(metrics, "\npollmux_tls_certificate_not_after_timestamp_seconds{") != 1 {
		t.Error("the old one is told of")
	}
}

// Who asks for another configuration while the process drains is told at once.
func TestADrainingProcessTakesNoConfiguration(t *testing.T) {
	s := newPlace(t, " mode: pass", "drain_timeout: 20s")
	answer := make(chan struct{})
	finish := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(finish)
	s.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		<-answer
		return legacy.Answer{Body: []byte("late")}
	}, "/slow")
	var client sync.WaitGroup
	client.Go(func() {
		resp, err := http.Get("http://" + s.serve + "/slow")
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	})
	await.Until(t, "the request is under way", func() bool { return s.origin.Total() == 1 })
	s.stop()
	await.Until(t, "the process drains", func() bool { return strings.Contains(s.log.String(), "msg=draining") })
	if status, body := s.post(); status != 422 || !strings.Contains(body, "stopping") {
		t.Errorf("%d %s", status, body)
	}
	finish()
	client.Wait()
}
