package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/journal"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/testdata/pki"
)

// rig is a proxy on a real listener in front of a real origin.
type rig struct {
	t      testing.TB
	proxy  *Proxy
	origin *legacy.Faulty
	addr   string
	log    *await.Log
	access *await.Log     // the access log
	pki    *pki.Authority // nil: plain HTTP
	quick  atomic.Int64   // answers
}

// secured has every story be told over TLS as well:
//
//	POLLMUX_TEST_TLS=1 go test ./proxy
func secured(t testing.TB) *pki.Authority {
	if os.Getenv("POLLMUX_TEST_TLS") == "" {
		return nil
	}
	return pki.New(t)
}

// plainOnly skips a story about what there is on plain connections only, or whose
// clients do not speak TLS.
func plainOnly(t testing.TB) {
	if os.Getenv("POLLMUX_TEST_TLS") != "" {
		t.Skip("for plain connections only")
	}
}

// newRig starts both. lines are the route's, as YAML; those that begin with
// "limits:" or another top-level key go there.
func newRig(t testing.TB, lines ...string) *rig {
	t.Helper()
	origin := newOrigin(t)
	return newRigFor(t, origin, routeYAML(origin.URL(), lines))
}

// newRigBy is one of a configuration, in which %[1]q is the origin.
func newRigBy(t testing.TB, yaml string) *rig {
	t.Helper()
	origin := newOrigin(t)
	return newRigFor(t, origin, fmt.Sprintf(yaml, origin.URL()))
}

func newOrigin(t testing.TB) *legacy.Faulty {
	t.Helper()
	origin := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	return origin
}

// routeYAML is a configuration with one route for everything.
func routeYAML(origin string, lines []string) string {
	var top, route strings.Builder
	for _, line := range lines {
		if isTop(line) {
			fmt.Fprintf(&top, "%s\n", line)
		} else {
			fmt.Fprintf(&route, "    %s\n", line)
		}
	}
	return fmt.Sprintf("%supstreams:\n  api:\n    servers: [%q]\n    timeout: 3s\n%sroutes:\n  - path: /**\n    name: all\n    upstream: api\n%s", top.String(), origin, budgetYAML(lines), route.String())
}

// isTop reports whether a line is neither a route's nor an upstream's.
func isTop(line string) bool {
	key, _, _ := strings.Cut(line, ":")
	return slices.Contains([]string{"limits", "timeouts", "log", "tracing", "trusted_proxies", "drain_timeout"}, key)
}

// budgetYAML gives the upstream a budget if the environment says so, so that every
// story of a route can be told with a dispatcher as well:
//
//	POLLMUX_TEST_BUDGET=100000/s go test ./proxy
func budgetYAML(lines []string) string {
	budget := os.Getenv("POLLMUX_TEST_BUDGET")
	if budget == "" || slices.Contains(lines, "mode: pass") || slices.Contains(lines, "mode: observe") {
		return "" // where it would have no effect
	}
	return "    budget: " + budget + "\n"
}

func newRigFor(t testing.TB, origin *legacy.Faulty, yaml string) *rig {
	t.Helper()
	return newRigOver(t, origin, yaml, secured(t))
}

// newRigOver is one whose clients speak TLS, if there is an authority.
func newRigOver(t testing.TB, origin *legacy.Faulty, yaml string, authority *pki.Authority) *rig {
	t.Helper()
	r := &rig{t: t, origin: origin, log: &await.Log{}, access: &await.Log{}, pki: authority}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.serve(yaml, l)
	return r
}

// serve starts the proxy.
func (r *rig) serve(yaml string, l net.Listener) {
	r.t.Helper()
	c, err := config.Parse("test.yaml", []byte(yaml))
	if err != nil {
		r.t.Fatalf("%v\n%s", err, yaml)
	}
	access := journal.NewAccess(slog.New(slog.DiscardHandler), r.access, r.access)
	r.t.Cleanup(func() { access.Close(context.Background()) })
	r.proxy, err = New(c, Options{Version: "test", Log: slog.New(slog.NewTextHandler(r.log, nil)), Access: access})
	if err != nil {
		r.t.Fatal(err)
	}
	r.countQuick()
	r.addr = l.Addr().String()
	p, served := r.proxy, make(chan error, 1) // a test may put another in its place
	serve := p.Serve
	if r.pki != nil {
		secure := r.pki.Server()
		serve = func(l net.Listener) error { return p.ServeTLS(l, secure) }
	}
	go func() { served <- serve(l) }()
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		defer cancel()
		_ = p.Shutdown(ctx) // at once: a test that wants a drain drains
		if err := <-served; err != nil {
			r.t.Errorf("Serve: %v", err)
		}
		if strings.Contains(r.log.String(), "panic") {
			r.t.Errorf("the log tells of a panic:\n%s", r.log)
		}
	})
}

// body sets what the origin says from now on.
func (r *rig) body(body string, fields ...string) {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(fields); i += 2 {
		header.Add(fields[i], fields[i+1])
	}
	r.origin.Answer(legacy.Answer{Header: header, Body: []byte(body)})
}

// refresh refreshes paths, and returns of how many feeds.
func (r *rig) refresh(paths ...string) int {
	r.t.Helper()
	n, _, err := r.proxy.Refresh(paths, nil)
	if err != nil {
		r.t.Error(err)
	}
	return n
}

// polls is how many requests the origin got.
func (r *rig) polls() int { return r.origin.Total() }

// stats is the account of the route.
func (r *rig) stats() ledger.RouteStats { return r.proxy.Ledger().Stats().Routes[0] }

// eventually waits for a condition.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	await.Until(r.t, what, ok)
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

// get sends a GET on a connection of its own.
func (r *rig) get(path string, fields ...string) reply {
	r.t.Helper()
	return r.do("GET", path, "", fields...)
}

func (r *rig) do(method, path, body string, fields ...string) reply {
	r.t.Helper()
	answer, err := r.try(method, path, body, fields...)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

// try is do for goroutines, which may not end a test.
func (r *rig) try(method, path, body string, fields ...string) (reply, error) {
	c, err := r.connect()
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, requestText(method, path, r.addr, body, fields)); err != nil {
		return reply{}, err
	}
	return readReply(bufio.NewReader(c), method)
}

func (r *rig) connect() (net.Conn, error) {
	var c net.Conn
	var err error
	if r.pki == nil {
		c, err = net.Dial("tcp", r.addr)
	} else {
		c, err = dialSecret(r.addr, r.pki.Trust())
	}
	if err == nil {
		err = c.SetDeadline(time.Now().Add(await.Patience))
	}
	return c, err
}

// dial is connect for the test's own goroutine.
func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := r.connect()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

func requestText(method, path, host, body string, fields []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", fields[i], fields[i+1])
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

func readReply(br *bufio.Reader, method string) (reply, error) {
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	body, err := io.ReadAll(resp.Body)
	return reply{Response: resp, body: string(body)}, err
}

// raw sends bytes and returns everything that comes back until the proxy
// closes.
func (r *rig) raw(text string) string {
	r.t.Helper()
	c := r.dial()
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
	all, err := io.ReadAll(c)
	if err != nil {
		r.t.Fatalf("after %q: %v", all, err)
	}
	return string(all)
}

// want fails unless an answer is as expected.
func (a reply) want(t testing.TB, status int, body string) reply {
	t.Helper()
	if a.StatusCode != status || a.body != body {
		t.Fatalf("got %d %q, want %d %q\n%v", a.StatusCode, a.body, status, body, a.Header)
	}
	return a
}

// head sends a request and reads the head of its answer only.
func (r *rig) head(path string, fields ...string) (*http.Response, error) {
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, requestText("GET", path, r.addr, "", fields)); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(c), nil)
}

// requestsTo are what the origin got for a path.
func (r *rig) requestsTo(path string) (all []legacy.Request) {
	for _, request := range r.origin.Requests() {
		if request.Path == path {
			all = append(all, request)
		}
	}
	return all
}

// unnamed takes away what tells two requests apart that are the same: the ID that the
// proxy gives each.
func unnamed(head string) string { return ownID.ReplaceAllString(head, "X-Request-Id: ours\r\n") }

var ownID = regexp.MustCompile(`X-Request-Id: [0-9a-f]{16}\r\n`)

// notebook is an origin that remembers what was written to it last.
type notebook struct {
	mu   sync.Mutex
	text string
}

func newNotebook() *notebook { return &notebook{text: `""`} }

func (n *notebook) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if req.Method != http.MethodGet {
		body, _ := io.ReadAll(req.Body)
		n.text = string(body)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, n.text)
}

// listenOn takes an address that was just given up.
func listenOn(t *testing.T, addr string) net.Listener {
	t.Helper()
	var l net.Listener
	await.Until(t, "listening on "+addr, func() bool {
		var err error
		l, err = net.Listen("tcp", addr)
		return err == nil
	})
	return l
}

// crew is how many tests are run side by side. They wait more than they work, so
// that is more than there are processors, for which t.Parallel would wait.
const crew = 6

// sideBySide runs a test for each of several cases.
func sideBySide[T any](t *testing.T, cases map[string]T, test func(t *testing.T, name string, c T)) {
	t.Helper()
	var all sync.WaitGroup
	free := make(chan struct{}, crew)
	for name, c := range cases {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			t.Run(name, func(t *testing.T) { test(t, name, c) })
		})
	}
	all.Wait()
}
