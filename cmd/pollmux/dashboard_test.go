package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// dashboardConfig has a route whose name is full of markup.
func dashboardConfig(listen, admin, token, origin string) string {
	return fmt.Sprintf(`listen: %q
admin: {listen: %q, token: %q}
drain_timeout: 2s
upstreams: {api: {servers: [%q], timeout: 2s, budget: 50/s}}
routes:
  - {path: /scores, name: scores, upstream: api, interval: 200ms}
  - {path: /x, name: '<img src=x onerror="pwned=1"><script>pwned=1</script><b><i><u>&lt;', upstream: api}
  - {path: /**, name: observed, upstream: api, mode: observe}
`, listen, admin, token, origin)
}

// dashboardOrigin answers everything with the same.
func dashboardOrigin(t *testing.T) *legacy.Faulty {
	t.Helper()
	origin := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	return origin
}

// crowdOn has clients of an address poll and be held until the test ends, whatever
// becomes of the server.
func crowdOn(t *testing.T, address string, paths ...string) {
	ctx, stop := context.WithCancel(context.Background())
	clients := make(chan struct{})
	fields := []http.Header{{}, {"Accept": {"text/event-stream"}}, {"Prefer": {"wait=1"}, "If-None-Match": {"*"}}}
	for _, header := range fields {
		go func() {
			for ctx.Err() == nil {
				for _, path := range paths {
					ask(ctx, "http://"+address+path, header)
				}
			}
			clients <- struct{}{}
		}()
	}
	t.Cleanup(func() {
		stop()
		for range fields {
			<-clients
		}
	})
}

// ask asks, and hears for a second at most.
func ask(ctx context.Context, url string, header http.Header) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	req.Header = header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return // the server is being restarted
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	select { // a client that polls does so ten times a second
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
}

func TestChromiumShowsTheDashboard(t *testing.T) {
	node := needScripts(t)
	chromium := need(t, "chromium", "chromium-browser", "google-chrome")
	origin := dashboardOrigin(t)
	const token = `canary:t%3Fk"en`
	serve := func(listen, admin, token string) *process {
		file := filepath.Join(t.TempDir(), "pollmux.yaml") // each its own: a changed one is loaded
		write(t, file, dashboardConfig(listen, admin, token, origin.URL()))
		return start(t, "--config", file)
	}
	guarded, open := serve("127.0.0.1:0", "127.0.0.1:0", token), serve("127.0.0.1:0", "127.0.0.1:0", "")
	crowdOn(t, open.serve, "/scores", "/x", "/y")

	p := launch(t, node, filepath.Join(scripts, "dashboard.mjs"), "http://"+open.admin, "http://"+guarded.admin, token, chromium, t.TempDir())
	lines := func(beginning string) int { return strings.Count("\n"+p.lines.String(), "\n"+beginning) }
	awaitLong(t, "the browser wants a restart", func() bool { return lines("restart\n") > 0 || lines("done\n") > 0 })
	if code := open.end(); code != 0 {
		t.Errorf("exit %d", code)
	}
	p.hears("restart", 1)
	serve(open.serve, open.admin, "")
	awaitLong(t, "the browser is done", func() bool { return lines("done\n") > 0 })
	if lines("failed") > 0 || lines("ok") < 17 {
		t.Errorf("the browser says:\n%s", p.lines)
	}
}

// awaitLong is await.Until for what takes a browser a while.
func awaitLong(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(4 * await.Patience); time.Now().Before(end) && !ok(); {
		time.Sleep(20 * time.Millisecond)
	}
	await.Until(t, what, ok)
}
