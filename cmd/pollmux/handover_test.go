//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/testdata/await"
)

// echoing is an origin that answers everything with 200, some of it late.
func echoing(t *testing.T) (url string) {
	t.Helper()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"v":1}`)
	}))
	t.Cleanup(origin.Close)
	return origin.URL
}

// served is a serve in a process of its own, which may have successors.
type served struct {
	t            *testing.T
	cmd          *exec.Cmd
	log          *await.Log
	exit         chan error
	serve, admin string
}

// serveBy starts a process by a configuration, with more in its environment.
func serveBy(t *testing.T, file string, files []*os.File, env ...string) *served {
	t.Helper()
	s := &served{t: t, log: &await.Log{}, exit: make(chan error, 1)}
	s.cmd = exec.Command(os.Args[0], "serve", "--config", file)
	s.cmd.Env, s.cmd.Stderr, s.cmd.ExtraFiles = append(append(os.Environ(), asProgram+"=1"), env...), s.log, files
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.exit <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	p := process{t: t, log: s.log}
	s.serve, s.admin = p.address("serving"), p.address("admin")
	return s
}

// ends waits for the end of a process, and whoever has its standard error.
func (s *served) ends() {
	s.t.Helper()
	select {
	case err := <-s.exit:
		if err != nil {
			s.t.Errorf("it ended with %v\n%s", err, s.log)
		}
	case <-time.After(await.Patience):
		s.t.Fatalf("it does not end\n%s", s.log)
	}
}

// says waits for something in the log, and returns what the pattern has caught.
func (s *served) says(pattern string, times int) []string {
	s.t.Helper()
	line := regexp.MustCompile(pattern)
	var found [][]string
	await.Until(s.t, "the log says "+pattern, func() bool {
		found = line.FindAllStringSubmatch(s.log.String(), -1)
		return len(found) >= times
	})
	return found[times-1]
}

func configFile(t *testing.T, origin string, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	text := fmt.Sprintf("drain_timeout: 10s\nupstreams: {api: {servers: [%q]}}\nroutes: [{path: /any/**, upstream: api}, {path: /**, upstream: api, mode: pass}]\n", origin)
	if !strings.Contains(strings.Join(lines, "\n"), "listen:") {
		text = "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}\n" + text
	}
	write(t, file, strings.Join(append(lines, text), "\n"))
	return file
}

// hammered does something while clients that forgive nothing ask, and fails the test
// if one of them is not answered.
func hammered(t *testing.T, address string, do func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan load.Blows)
	go func() {
		done <- load.Hammer{Address: address, Fresh: 8, Kept: 16, Think: 20 * time.Millisecond, Write: 0.3}.Run(ctx)
	}()
	do()
	stop()
	b := <-done
	if b.Lost+b.Failed > 0 || b.Answered == 0 {
		t.Errorf("%+v", b)
	}
	t.Logf("%d requests were answered", b.Answered)
}

// endSuccessor ends a process that is none of our children.
func endSuccessor(t *testing.T, pid int) {
	t.Helper()
	_ = syscall.Kill(pid, syscall.SIGTERM)
	await.Until(t, "the successor ends", func() bool { return syscall.Kill(pid, 0) != nil })
}

func TestAnUpgradeUnderLoadLosesNoRequest(t *testing.T) {
	notify, heard := systemd(t)
	s := serveBy(t, configFile(t, echoing(t)), nil, "NOTIFY_SOCKET="+notify)
	var pid int
	hammered(t, s.serve, func() {
		if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		pid, _ = strconv.Atoi(s.says(`msg="successor started" process=(\d+)`, 1)[1])
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
		// The successor has the log open: only its own process is waited for.
		await.Until(t, "the old one ends", func() bool { return strings.Contains(s.log.String(), "msg=stopped") })
	})
	heard(fmt.Sprintf("MAINPID=%d", pid))
	if got := s.says(`msg=serving address=(\S+)`, 2)[1]; got != s.serve {
		t.Errorf("the successor serves on %s, not %s", got, s.serve)
	}
	if got := s.says(`msg=admin address=(\S+)`, 2)[1]; got != s.admin {
		t.Errorf("the successor's admin is on %s, not %s", got, s.admin)
	}
	if status, _ := fetch(t, "http://"+s.admin+"/readyz"); status != 200 {
		t.Errorf("readyz %d", status)
	}
	endSuccessor(t, pid)
	s.ends()
}

func TestASuccessorThatFailsChangesNothing(t *testing.T) {
	file := configFile(t, echoing(t))
	s := serveBy(t, file, nil)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "listne: x\n")
	hammered(t, s.serve, func() {
		_ = s.cmd.Process.Signal(syscall.SIGUSR2)
		s.says(`there is no successor; this process goes on`, 1)
	})
	if status, _ := fetch(t, "http://"+s.admin+"/readyz"); status != 200 {
		t.Errorf("readyz %d", status)
	}
	write(t, file, string(good))
	_ = s.cmd.Process.Signal(syscall.SIGUSR2) // it is asked again
	pid, _ := strconv.Atoi(s.says(`msg="successor started" process=(\d+)`, 2)[1])
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	await.Until(t, "the old one ends", func() bool { return strings.Contains(s.log.String(), "msg=stopped") })
	endSuccessor(t, pid)
	s.ends()
}

// passed is a listener as systemd passes it, which keeps it as well.
func passed(t *testing.T) (file *os.File, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	file, err = l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file, l.Addr().String()
}

// systemd is where a process tells how it is, and a wait for what it says.
func systemd(t *testing.T) (socket string, heard func(want string)) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "notify")
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = told.Close() })
	return socket, func(want string) {
		t.Helper()
		buf := make([]byte, 256)
		_ = told.SetReadDeadline(time.Now().Add(await.Patience))
		for got := ""; got != want; {
			n, err := told.Read(buf)
			if err != nil {
				t.Fatalf("systemd is not told %s: %v", want, err)
			}
			got = string(buf[:n])
		}
	}
}

// activated is the test binary started as systemd does it: by a shell, since the
// variable needs the number of the process itself.
func activated(t *testing.T, config string, files []*os.File, names string, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" serve --config "$1"`, os.Args[0], config)
	cmd.Env = append(append(os.Environ(), asProgram+"=1", fmt.Sprintf("LISTEN_FDS=%d", len(files)), "LISTEN_FDNAMES="+names), more...)
	cmd.ExtraFiles = files
	return cmd
}

func TestSocketsOfSystemdAreTakenAndItIsTold(t *testing.T) {
	client, address := passed(t)
	admin, adminAddress := passed(t)
	notify, heard := systemd(t)
	file := configFile(t, echoing(t), fmt.Sprintf("listen: %q\nadmin: {listen: %q}", address, adminAddress))
	var log await.Log
	cmd := activated(t, file, []*os.File{admin, client}, "admin:client", "NOTIFY_SOCKET="+notify, "WATCHDOG_USEC=20000")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	heard("READY=1")
	heard("WATCHDOG=1")
	if status, body := fetch(t, "http://"+address+"/any/1"); status != 200 || body != `{"v":1}` {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := fetch(t, "http://"+adminAddress+"/readyz"); status != 200 {
		t.Errorf("readyz %d", status)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	heard("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	// The socket is the manager's still: who connects now waits for the next process.
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestASocketThatNobodyAskedForIsAnError(t *testing.T) {
	client, address := passed(t)
	file := configFile(t, echoing(t))
	var out bytes.Buffer
	cmd := activated(t, file, []*os.File{client}, "web")
	cmd.Stderr = &out
	if err := cmd.Run(); err == nil {
		t.Error("it served")
	}
	want := fmt.Sprintf(`the socket %s ("web"), which is neither in listen nor admin.listen: have the configuration and ListenStream= agree`, address)
	if !strings.Contains(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%s", out.String())
	}
}

func TestWhatIsNoListenerIsAnError(t *testing.T) {
	pipe, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer other.Close()
	var out bytes.Buffer
	cmd := activated(t, configFile(t, echoing(t)), []*os.File{pipe}, "x")
	cmd.Stderr = &out
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), `the socket that was passed as descriptor 3 ("x") is none to listen on`) {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestSocketsPassedToAnotherProcessAreNotTaken(t *testing.T) {
	t.Setenv("LISTEN_PID", "1")
	t.Setenv("LISTEN_FDS", "3")
	if in, err := inherit(); err != nil || len(in.heirlooms) > 0 {
		t.Errorf("%v, %v", in, err)
	}
}

func TestAPassedSocketIsKnownByItsAddress(t *testing.T) {
	for _, test := range []struct {
		passed, address string
		is              bool
	}{
		{"127.0.0.1:80", "127.0.0.1:80", true}, {"127.0.0.1:80", "localhost:80", true}, {"[::]:80", ":80", true}, {"0.0.0.0:80", ":80", true},
		{"[::]:80", "0.0.0.0:80", true}, {"127.0.0.1:80", ":80", false}, {"[::]:80", "127.0.0.1:80", false}, {"127.0.0.1:80", "127.0.0.1:81", false},
		{"[::1]:80", "[::1]:80", true}, {"[::1]:80", "127.0.0.1:80", false},
	} {
		a, err := net.ResolveTCPAddr("tcp", test.passed)
		if err != nil {
			t.Fatal(err)
		}
		if got := isAt(a, test.address); got != test.is {
			t.Errorf("%s for %s: %v", test.passed, test.address, got)
		}
	}
}

// While load balancers have yet to notice, everything goes on but /readyz.
func TestADelayedDrainServesOnWhileItSaysThatItIsNotReady(t *testing.T) {
	s := serveBy(t, configFile(t, echoing(t), "drain_delay: 1h"), nil)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.says("so that clients come elsewhere", 1)
	if status, body := fetch(t, "http://"+s.admin+"/readyz"); status != 503 || body != "draining\n" {
		t.Errorf("readyz %d %q", status, body)
	}
	resp, err := http.Get("http://" + s.serve + "/any/1")
	if err != nil || resp.StatusCode != 200 || resp.Close {
		t.Errorf("%v, %v", resp, err)
	}
	time.Sleep(2 * echo) // what comes now is meant
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-s.exit; err == nil || !strings.Contains(s.log.String(), "ended at once") {
		t.Errorf("%v\n%s", err, s.log)
	}
}
