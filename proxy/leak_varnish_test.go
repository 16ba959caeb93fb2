package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// varnish puts Varnish in front of the rig, as Debian configures it, and sends
// all that follows through it.
func (r *rig) varnish() {
	r.t.Helper()
	program, err := exec.LookPath("varnishd")
	if err != nil {
		if os.Getenv("POLLMUX_CI") != "" {
			r.t.Fatal(err)
		}
		r.t.Skip("varnishd is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	work := filepath.Join(r.t.TempDir(), "work")
	ctx, cancel := context.WithCancel(context.Background())
	varnish := exec.CommandContext(ctx, program, "-F", "-j", "none", "-n", work, "-a", address, "-b", r.addr, "-s", "malloc,32M", "-T", "none")
	said := &await.Log{}
	varnish.Stdout, varnish.Stderr = said, said
	// Its child ends when it is asked to, not when it loses its parent.
	varnish.Cancel, varnish.WaitDelay = func() error { return varnish.Process.Signal(os.Interrupt) }, 10*time.Second
	if err := varnish.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { cancel(); _ = varnish.Wait() })
	r.addr = address
	await.Until(r.t, "Varnish listens", func() bool {
		a, err := r.try("GET", "/ready", "")
		return err == nil && a.StatusCode == 200
	})
}

// L-17: a cache in front that does not know pollmux hands nobody what another
// transport was answered.
func TestVaryEverywhere(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 20ms", "keepalive: 1s")
	r.body(`{"v":1}`, "Cache-Control", "max-age=1", "ETag", `"one"`)
	r.varnish()
	var clients sync.WaitGroup
	for i := range 12 {
		clients.Go(func() {
			for n := range 12 {
				if why := r.throughCache((i + n) % 6); why != "" {
					t.Error(why)
				}
			}
		})
	}
	clients.Wait()
}

// throughCache asks in one way and says what is wrong with the answer.
func (r *rig) throughCache(way int) (wrong string) {
	switch way {
	case 0, 1:
		a, err := r.try("GET", "/x", "")
		if err != nil || a.StatusCode != 200 || a.body != `{"v":1}` || a.Header.Get("Content-Type") != "application/json" {
			return fmt.Sprintf("a poll: %q, %v, %v", a.body, a.Response, err)
		}
	case 2:
		a, err := r.try("HEAD", "/x", "")
		if err != nil || a.StatusCode != 200 || a.body != "" || a.Header.Get("Content-Type") != "application/json" {
			return fmt.Sprintf("a HEAD: %v, %v", a.Response, err)
		}
	case 3:
		a, err := r.try("GET", "/x", "", "Prefer", "wait=1", "If-None-Match", `"other"`)
		if err != nil || a.StatusCode != 200 || a.body != `{"v":1}` || a.Header.Get("Preference-Applied") == "" {
			return fmt.Sprintf("a long poll: %q, %v, %v", a.body, a.Response, err)
		}
	default:
		accept := []string{"text/event-stream", "application/x-ndjson"}[way-4]
		resp, err := r.head("/x", "Accept", accept)
		if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), accept) || resp.Header.Get("X-Varnish") == "" || !isOfOneRequest(resp) {
			return fmt.Sprintf("%s: %v, %v", accept, resp, err)
		}
	}
	return ""
}

// isOfOneRequest reports whether a cache says that it fetched an answer for this
// request: it names the request that it is from besides.
func isOfOneRequest(resp *http.Response) bool {
	return len(strings.Fields(resp.Header.Get("X-Varnish"))) == 1
}

func TestEveryAnswerOfACoalescedRouteSaysWhatItDependsOn(t *testing.T) {
	r := newRig(t, "interval: 1h", "serve: [poll, longpoll, sse, ndjson]", "key: {headers: [X-Tenant]}")
	r.body(`{"v":1}`, "ETag", `"a"`)
	for status, fields := range map[string][]string{
		"200": nil, "200 sse": {"Accept", "text/event-stream"}, "200 ndjson": {"Accept", "application/x-ndjson"}, "304": {"If-None-Match", `"a"`}, "406": {"Accept", "multipart/mixed"},
		"426":        {"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
		"200 passed": {"Range", "bytes=0-"}, "304 held": {"Prefer", "wait=1", "If-None-Match", `"a"`}, "504": {"Cache-Control", "only-if-cached", "X-Tenant", "b"}, "417": {"Expect", "x"},
	} {
		resp, err := r.head("/x", fields...)
		if err != nil || fmt.Sprint(resp.StatusCode) != status[:3] || !strings.HasPrefix(resp.Header.Get("Vary"), "Accept, Prefer, Accept-Encoding, X-Tenant") {
			t.Errorf("%s: %v, %v", status, resp, err)
		}
		if held := strings.Contains(status, " "); held && status != "200 passed" && !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s may be stored: %v", status, resp.Header)
		}
	}
}
