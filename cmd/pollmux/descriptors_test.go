package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/testdata/await"
)

func TestConnectionsFitTheLimitOnOpenFiles(t *testing.T) {
	for _, test := range []struct {
		open       uint64
		configured int
		want       int
	}{
		{0, 90_000, 1}, {20, 90_000, 1}, {64, 90_000, 20}, {1024, 90_000, 688}, {1024, 500, 500}, {1024, 0, 688},
		{20_000, 90_000, 18_960}, {1 << 20, 90_000, 90_000}, {1 << 63, 90_000, 90_000}, {1 << 63, 0, 1<<30 - 16 - 512 - 512},
	} {
		var log await.Log
		c := config.Default()
		c.Limits.Connections = test.configured
		fitDescriptors(c, test.open, slog.New(slog.NewTextHandler(&log, nil)))
		if c.Limits.Connections != test.want {
			t.Errorf("%d of %d descriptors: %d, want %d", test.configured, test.open, c.Limits.Connections, test.want)
		}
		if warned := strings.Contains(log.String(), "level=WARN"); warned != (test.configured != test.want) {
			t.Errorf("%d of %d descriptors: logged %q", test.configured, test.open, log.String())
		}
		most := uint64(test.want + proxy.Overflow(test.want))
		if test.open >= 64 && most > test.open-min(test.open/4, 512) {
			t.Errorf("%d descriptors: up to %d connections", test.open, most)
		}
	}
}

func TestALimitThatNobodySetIsLoweredWithoutAWarning(t *testing.T) {
	var log await.Log
	c := config.Default()
	fitDescriptors(c, 1024, slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), "level=INFO") || c.Limits.Connections != 688 {
		t.Errorf("%d, %q", c.Limits.Connections, log.String())
	}
}

// Far more clients than descriptors come and stay. Some are served, others are
// told, nothing breaks, and when they leave all is as before.
func TestAFloodBeyondTheLimitOnOpenFilesIsSurvived(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a shell that sets limits")
	}
	binary := filepath.Join(t.TempDir(), "pollmux")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "%q", r.URL.Path)
	}))
	defer origin.Close()
	pid, address := spawn(t, "sh", "-c", `ulimit -n 64; exec "$0" "$@"`, binary,
		"serve", "--upstream", origin.URL, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")

	var all []net.Conn
	for i := range 200 {
		c, err := net.DialTimeout("tcp", address, await.Patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
		accept := []string{"*/*", "text/event-stream", "application/x-ndjson"}[i%3]
		fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: %s\r\nAccept: %s\r\n\r\n", i%10, address, accept)
	}
	await.Until(t, "some are accepted", func() bool { return accepted(t, pid, address) > 0 })
	statuses := map[string]int{}
	for i, c := range all {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		var status [len("HTTP/1.1 200")]byte
		if _, err := io.ReadFull(c, status[:]); err != nil {
			statuses["none"]++
			continue
		}
		statuses[string(status[9:])]++
		if i%2 == 0 {
			_ = c.Close()
		}
	}
	t.Logf("answers: %v", statuses)
	if statuses["200"] == 0 || statuses["502"] > 0 || statuses["500"] > 0 {
		t.Errorf("answers: %v", statuses)
	}
	for _, c := range all {
		_ = c.Close()
	}
	await.Until(t, "its clients are gone", func() bool { return accepted(t, pid, address) == 0 })
	for i := range 100 {
		resp, err := http.Get(fmt.Sprintf("http://%s/after/%d", address, i))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("after the flood: %v, %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// accepted is how many connections to an address a process has open: what it keeps to
// its origins is its own affair.
func accepted(t *testing.T, pid int, address string) (open int) {
	t.Helper()
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	local := fmt.Sprintf("0100007F:%04X", number)
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 9 && f[1] == local && f[3] != listening && f[9] != orphaned {
			open++
		}
	}
	return open
}

// What proc_net_tcp(5) says of a socket that listens, and of one that no process holds.
const (
	listening = "0A"
	orphaned  = "0"
)
