package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
)

// tmux is a terminal that the test can look at.
type tmux struct {
	t       *testing.T
	socket  string
	pollmux string // the program
}

// newTmux starts a shell in a terminal of that size, in which pollmux is the test's own
// binary.
func newTmux(t *testing.T, width, height int) *tmux {
	t.Helper()
	need(t, "tmux")
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m := &tmux{t: t, socket: filepath.Join(dir, "tmux"), pollmux: filepath.Join(dir, "pollmux")}
	write(t, m.pollmux, fmt.Sprintf("#!/bin/sh\nexport %s=1\nexec '%s' \"$@\"\n", asProgram, program))
	if err := os.Chmod(m.pollmux, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	m.do("-f", "/dev/null", "new-session", "-d", "-c", dir, "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "/bin/sh")
	return m
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (m *tmux) keys(keys ...string) {
	m.t.Helper()
	m.do(append([]string{"send-keys"}, keys...)...)
}

func (m *tmux) screen() string {
	m.t.Helper()
	return m.do("capture-pane", "-p")
}

// says waits until the screen has all of these texts.
func (m *tmux) says(texts ...string) {
	m.t.Helper()
	last := ""
	defer func() {
		if m.t.Failed() {
			m.t.Logf("last seen:\n%s", last)
		}
	}()
	await.Until(m.t, fmt.Sprintf("the screen says %q", texts), func() bool {
		last = m.screen()
		for _, text := range texts {
			if !strings.Contains(last, text) {
				return false
			}
		}
		return true
	})
}

func TestTopInARealTerminal(t *testing.T) {
	m := newTmux(t, 80, 24)
	s := startSite(t)
	if code, _ := fetch(t, s.url()+"/scores"); code != 200 {
		t.Fatal(code)
	}
	m.keys("echo before; "+m.pollmux+" top --interval 100ms --admin "+s.admin, "Enter")
	m.says("pollmux "+s.admin, "every 100ms", "Clients [", "Origin  [", "CLIENTS/s▽", "/scores", "F1Help")
	m.keys("/", "cam")
	m.says("Filter: cam_")
	m.keys("Enter")
	m.says("filter: cam", "/camera.png")
	if strings.Contains(m.screen(), "/scores") {
		t.Errorf("it is not filtered:\n%s", m.screen())
	}
	m.keys("Escape")
	m.says("/scores")
	m.keys("N", "Enter")
	m.says("Route /**\n", "Transport")
	m.keys("q")
	m.says("ROUTE▽")
	m.do("resize-window", "-x", "40", "-y", "10")
	m.says("every 100ms\nClients [")
	if lines := strings.Split(m.screen(), "\n"); len(lines) != 11 || !strings.HasPrefix(lines[9], "F1Help") {
		t.Errorf("%d lines:\n%s", len(lines), m.screen())
	}
	m.do("resize-window", "-x", "80", "-y", "24")
	s.end()
	m.says("LOST for", "next try in")
	m.keys("q")
	m.says("echo before; ") // the screen is as it was
	if strings.Contains(m.screen(), "Clients [") {
		t.Errorf("it is not as it was:\n%s", m.screen())
	}
}

func TestTopGivesTheTerminalBackWhenItIsTerminated(t *testing.T) {
	m := newTmux(t, 80, 24)
	s := startSite(t)
	m.keys("stty -a > before; "+m.pollmux+" top --admin "+s.admin+"; echo \"exit $?\"; stty -a > after; cmp before after && echo same", "Enter")
	m.says("Clients [")
	pid := m.do("list-panes", "-F", "#{pane_pid}")
	child, err := exec.Command("pgrep", "-P", strings.TrimSpace(pid)).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, child)
	}
	if out, err := exec.Command("kill", "-TERM", strings.TrimSpace(string(child))).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.says("exit 0", "\nsame")
	if strings.Contains(m.screen(), "Clients [") {
		t.Errorf("it is not as it was:\n%s", m.screen())
	}
}

func TestTopSaysWhatToDoWhereThereIsNothingToSee(t *testing.T) {
	s := startSite(t)
	code, stdout, stderr := runLine(t, "top", "--interval", "100ms", "--admin", s.admin)
	if code != 0 || !strings.HasPrefix(stdout, "ROUTE ") || !strings.Contains(stdout, "\n(all) ") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
	s.end()
	if code, stdout, stderr := runLine(t, "top", "--admin", s.admin); code != 1 || stdout != "" || !strings.HasSuffix(stderr, "connection refused; is pollmux running, and is that its admin listener (--admin)?\n") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
}

func TestTopWantsTheToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, `listen: "127.0.0.1:0"
admin: {listen: "127.0.0.1:0", token: sesame-open-now-please}
upstreams: {api: {servers: ["http://127.0.0.1:9"]}}
routes: [{path: /**, upstream: api}]
`)
	p := start(t, "--config", file)
	if code, _, stderr := runLine(t, "top", "--admin", p.admin); code != 1 || stderr != "pollmux: http://"+p.admin+" wants its token: set POLLMUX_ADMIN_TOKEN to admin.token of its configuration\n" {
		t.Errorf("exit %d, %q", code, stderr)
	}
	t.Setenv(tokenVariable, "sesame-open-now-please")
	if code, stdout, stderr := runLine(t, "top", "--interval", "100ms", "--admin", p.admin); code != 0 || !strings.Contains(stdout, "/**") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}
