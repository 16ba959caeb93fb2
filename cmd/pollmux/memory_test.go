package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const gibibyte = 1 << 30

// The program is built and run as its users do, without the race detector, which
// has a memory of its own.
func TestAGibibyteEachWayTakesLessThan64MiB(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	if testing.Short() {
		t.Skip("moves 2 GiB")
	}
	binary := filepath.Join(t.TempDir(), "pollmux")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	origin := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, err)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(gibibyte))
		_, _ = io.Copy(w, io.LimitReader(zeros{}, gibibyte))
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = origin.Serve(l) }()
	defer origin.Close()

	pid, address := spawn(t, binary, "serve", "--upstream", "http://"+l.Addr().String(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	resp, err := http.Get("http://" + address + "/big")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != gibibyte || err != nil {
		t.Errorf("downloaded %d bytes, %v", n, err)
	}
	_ = resp.Body.Close()
	for name, length := range map[string]int64{"Content-Length": gibibyte, "chunked": -1} {
		req, _ := http.NewRequest(http.MethodPost, "http://"+address+"/big", io.LimitReader(zeros{}, gibibyte))
		req.ContentLength = length
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(resp.Body); string(got) != fmt.Sprint(gibibyte, " <nil>") && string(got) != fmt.Sprint(gibibyte, nil) {
			t.Errorf("%s: uploaded %s", name, got)
		}
		_ = resp.Body.Close()
	}
	if peak := peakMemory(t, pid); peak >= 64<<20 {
		t.Errorf("it took %d MiB", peak>>20)
	} else {
		t.Logf("it took %d MiB", peak>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// spawn runs a serve until the test ends.
func spawn(t *testing.T, binary string, args ...string) (pid int, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, args...)
	logged, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	line := regexp.MustCompile(`msg=serving address=(\S+)`)
	for scanner := bufio.NewScanner(logged); scanner.Scan(); {
		if m := line.FindStringSubmatch(scanner.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, logged) }() // ends with the process
			return cmd.Process.Pid, m[1]
		}
	}
	t.Fatal("it did not start")
	return 0, ""
}

// peakMemory is the largest resident set that a process had, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
