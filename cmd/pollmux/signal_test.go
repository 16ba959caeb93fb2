package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// asProgram makes the test binary the program, for tests that need a process.
const asProgram = "POLLMUX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	for _, signals := range [][2]os.Signal{
		{syscall.SIGTERM, syscall.SIGTERM},
		{os.Interrupt, os.Interrupt},
		{syscall.SIGTERM, os.Interrupt},
	} {
		t.Run(signals[0].String()+" and "+signals[1].String(), func(t *testing.T) {
			c := startChild(t, slowOrigin(t))
			c.signal(signals[0])
			await.Until(t, "it drains", func() bool { return strings.Contains(c.log.String(), "msg=draining") })
			c.signal(signals[0]) // an echo
			time.Sleep(2 * echo) // what comes now is meant
			c.signal(signals[1])
			if code := c.code(); code != 1 {
				t.Errorf("exit %d", code)
			}
			_, after, _ := strings.Cut(c.log.String(), "msg=draining timeout=20s\n")
			if !regexp.MustCompile(`^pollmux: [a-z ]+ again: ended at once; .+\n$`).MatchString(after) {
				t.Errorf("after the second signal: %q", after)
			}
		})
	}
}

// slowOrigin begins its answers, and ends them with the test.
func slowOrigin(t *testing.T) (url string) {
	t.Helper()
	end := make(chan struct{})
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-end
	}))
	t.Cleanup(origin.Close)
	t.Cleanup(func() { close(end) })
	return origin.URL
}

// child is a serve in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *await.Log
	exit chan error
}

// startChild returns once the process has a client to drain.
func startChild(t *testing.T, upstream string) *child {
	t.Helper()
	c := &child{t: t, log: &await.Log{}, exit: make(chan error, 1)}
	c.cmd = exec.Command(os.Args[0], "serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), asProgram+"=1"), c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.exit <- c.cmd.Wait() }()
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	p := process{t: t, log: c.log}
	resp, err := http.Post("http://"+p.address("serving")+"/slow", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return c
}

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// code is how the process ended by itself; -1 when a signal did it.
func (c *child) code() int {
	c.t.Helper()
	select {
	case err := <-c.exit:
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(await.Patience):
		c.t.Fatal("it does not end")
		return -1
	}
}
