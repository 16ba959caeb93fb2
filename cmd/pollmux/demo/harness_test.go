package demo

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// rig is a demo on free ports, and a visitor to it.
type rig struct {
	*Demo
	t    *testing.T
	http *http.Client
	log  *await.Log
}

// newRig starts a demo with so many clients per lane, in which things happen fast.
// It is ended with the test.
func newRig(t *testing.T, clients int) *rig {
	t.Helper()
	log := new(await.Log)
	d, err := Start(quick(clients, log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if text := log.String(); strings.Contains(text, "panic") {
			t.Errorf("the log tells of a panic:\n%s", text)
		}
	})
	return &rig{Demo: d, t: t, http: newVisitor(t), log: log}
}

func quick(clients int, log io.Writer) Options {
	return Options{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Clients: clients, Seed: 1,
		Every: legacy.Pace{Min: 150 * time.Millisecond, Max: 300 * time.Millisecond},
		Log:   slog.New(slog.NewTextHandler(log, nil)), Version: "test", tell: 100 * time.Millisecond,
	}
}

// newVisitor returns a client that keeps no connection.
func newVisitor(t *testing.T) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// do sends a request to the page's address and returns the answer and its body.
func (r *rig) do(method, path, body string, fields ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.PageURL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(text)
}

// get reads JSON from the page's address.
func (r *rig) get(path string, into any, fields ...string) {
	r.t.Helper()
	resp, body := r.do(http.MethodGet, path, "", fields...)
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s", path, resp.Status)
	}
	r.decode(body, into)
}

func (r *rig) decode(text string, into any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
}

// set moves the sliders as the page does.
func (r *rig) set(s Setting) {
	r.t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		r.t.Fatal(err)
	}
	if resp, text := r.do(http.MethodPost, "/demo/control", string(body)); resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s", resp.Status, text)
	}
}

// lane returns how a lane is doing.
func (r *rig) lane(name string) LaneNow {
	r.t.Helper()
	for _, l := range r.Telemetry().Lanes {
		if l.Name == name {
			return l
		}
	}
	r.t.Fatalf("there is no lane %s", name)
	return LaneNow{}
}

// route returns a route's account.
func (r *rig) route(name string) ledger.RouteStats {
	r.t.Helper()
	for _, route := range r.proxy.Ledger().Stats().Routes {
		if route.Name == name {
			return route
		}
	}
	r.t.Fatalf("there is no route %s", name)
	return ledger.RouteStats{}
}

// dial opens a WebSocket at the page's address, until the test ends.
func (r *rig) dial(path string) *Socket {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), await.Patience)
	r.t.Cleanup(cancel)
	socket, err := DialSocket(ctx, r.http, r.PageURL()+path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = socket.Close() })
	return socket
}
