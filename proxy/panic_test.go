package proxy

import (
	"bufio"
	"context"
	"go/ast"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/testdata/await"
)

// newPanicRig is a proxy whose clients are served by a handler of the test; it
// is told of panics, and forgets them in the end.
func newPanicRig(t *testing.T, handler func(*rig, *request)) *rig {
	r := newRig(t)
	second := r.proxy.newServer(r.proxy.rules.Load().config)
	second.Handler = func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) != "/panic" {
			r.proxy.handle(ctx)
			return
		}
		req := r.proxy.acquire(ctx)
		defer r.proxy.releaseRequest(req)
		if err := req.head.Parse(&ctx.Request.Header); err != nil {
			t.Error(err)
		}
		handler(r, req)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- second.Serve(newListener(l, r.proxy.gate, r.proxy.log)) }()
	t.Cleanup(func() {
		if !strings.Contains(r.log.String(), "boom") {
			t.Errorf("nobody is told:\n%s", r.log)
		}
		r.log = &await.Log{}
		_ = second.ShutdownWithContext(context.Background())
		<-served
	})
	return r
}

// boom panics where it is used.
type boom struct{ afterwards bool }

func (b boom) Read(p []byte) (int, error) {
	if b.afterwards {
		return 0, io.EOF
	}
	panic("boom")
}

func (b boom) Close() error { panic("boom") }

func TestAPanicCostsOneClient(t *testing.T) {
	plainOnly(t)
	for name, handler := range map[string]func(*rig, *request){
		"taken over": func(r *rig, req *request) {
			r.proxy.takeOver(req, func(*conn, []byte) { panic("boom") }, func() {})
		},
		"taken over too late": func(r *rig, req *request) {
			r.proxy.takeOver(req, func(*conn, []byte) {}, func() { panic("boom") })
			_ = clientConn(req.ctx.Conn()).Close()
		},
		"in a goroutine of its own": func(r *rig, req *request) {
			r.proxy.takeOver(req, func(c *conn, _ []byte) { r.proxy.goServe(c, func() { panic("boom") }) }, func() {})
		},
		"while an answer is read":        relayBoom(boom{}, -1),
		"while one of a length is read":  relayBoom(boom{}, 10),
		"at the end of an answer":        relayBoom(boom{afterwards: true}, -1),
		"when a write is noted after it": func(r *rig, req *request) { relayBoom(io.NopCloser(strings.NewReader("x")), -1)(r, req) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newPanicRig(t, handler)
			bystander := r.stream("/x", "text/event-stream")
			bystander.event()
			for range 3 {
				c := r.dial()
				_, _ = io.WriteString(c, requestText("GET", "/panic", r.addr, "", nil))
				if _, err := readReply(bufio.NewReader(c), "GET"); err == nil {
					t.Error("its client takes it for an answer")
				}
			}
			r.body(`{"v":2}`)
			r.do("PUT", "/x", "x")
			if got := bystander.event(); got != `data: {"v":2}` {
				t.Errorf("somebody else got %q", got)
			}
			_ = bystander.conn.Close()
			r.eventually("nothing is left", func() bool { return r.connections() == 0 })
		})
	}
}

// relayBoom relays an answer with that body. The note of a write that it ends
// with panics as well.
func relayBoom(body io.ReadCloser, length int64) func(*rig, *request) {
	return func(r *rig, req *request) {
		req.route = r.proxy.rules.Load().routes[0]
		x := r.proxy.newPass(req, func() {})
		real, err := req.route.upstream.passes.Do(context.Background(), x.ownRequest())
		if err != nil {
			r.t.Error(err)
			return
		}
		_ = real.Body.Close()
		x.over, x.answer = func() { panic("boom") }, real
		resp := *real
		resp.Body, resp.Length = body, length
		r.proxy.relay(req, x, &resp, "")
	}
}

// What fasthttp calls outside the handler panics when nothing is as it should be.
func TestAPanicInAHookOfTheServerIsContained(t *testing.T) {
	var log await.Log
	p := &Proxy{log: slog.New(slog.NewTextHandler(&log, nil))}
	ours, _ := net.Pipe()
	broken := &conn{Conn: ours, occupies: true}
	for name, hook := range map[string]func(ctx *fasthttp.RequestCtx){
		"headerReceived": func(ctx *fasthttp.RequestCtx) { p.headerReceived(&ctx.Request.Header) },
		"expect": func(ctx *fasthttp.RequestCtx) {
			if status := p.expect(ctx); status != 500 {
				t.Errorf("expect: %d", status)
			}
		},
		"onParseError": func(ctx *fasthttp.RequestCtx) { p.onParseError(ctx, fasthttp.ErrBodyTooLarge) },
		"onState":      func(*fasthttp.RequestCtx) { p.onState(broken, fasthttp.StateIdle) },
	} {
		before := strings.Count(log.String(), "panic")
		hook(&fasthttp.RequestCtx{})
		if strings.Count(log.String(), "panic") == before {
			t.Errorf("%s did not panic: nothing was tested", name)
		}
	}
}

func TestAWatchThatPanicsEndsItsRequest(t *testing.T) {
	cancelled := make(chan struct{})
	var log await.Log
	p := &Proxy{log: slog.New(slog.NewTextHandler(&log, nil))}
	w := &watch{cancel: func() { close(cancelled) }, panicked: p.watchPanicked}
	done := make(chan struct{})
	w.run(done) // there is no connection to look at
	<-cancelled
	<-done
	if told := log.String(); !strings.Contains(told, "watch.go") {
		t.Errorf("nobody is told where:\n%s", told)
	}
}

// Each goroutine is started where somebody has thought of its panics. This list
// is to be looked at by whoever adds one.
func TestEveryGoroutineIsKnown(t *testing.T) {
	known := map[string]string{
		"proxy/accesslog/merge.go wait.Go":         "reads files for a command; serves nobody",
		"proxy/accesslog/source.go wait.Go":        "what parses a line recovers",
		"proxy/admin/admin.go a.running.Go":        "what it does is guarded",
		"proxy/feed/feeds.go f.run":                "end recovers",
		"proxy/feed/dispatcher.go d.run":           "what it does recovers",
		"proxy/feed/flight.go f.fly":               "recovers, and lands",
		"proxy/authorize/inquiry.go r.run":         "recovers, and nobody is let in",
		"proxy/authorize/tenure.go time.AfterFunc": "recovers, and ends the client",
		"proxy/journal/access.go a.run":            "writes lines; sees nothing of a client but what they say",
		"proxy/observe/observer.go o.run":          "guard recovers",
		"proxy/origin/group.go s.watch":            "contains what it does",
		"proxy/origin/group.go func":               "dials, and sees nothing of a client or an origin",
		"proxy/origin/dial.go func":                "dials, and sees nothing of a client or an origin",
		"proxy/origin/dial.go closeLate":           "closes connections",
		"proxy/origin/names.go n.lookup":           "asks the system's resolver",
		"proxy/origin/upload.go u.run":             "what reads the client's body recovers",
		"proxy/proxy.go func":                      "goServe recovers",
		"proxy/server.go func":                     "waits for others; serves nobody",
		"proxy/serveas.go all.Go":                  "waits for others; serves nobody",
		"proxy/tunnel.go func":                     "recovers",
		"proxy/watch.go w.run":                     "recovers",
		"upgrade/aside.go x.run":                   "recovers, and whoever asks next panics",
		"upgrade/fanout/audience.go a.watch":       "waits for a channel; serves nobody",
		"upgrade/fanout/hear.go h.work":            "recovers",
		"upgrade/fanout/loop.go l.ear.listen":      "recovers",
		"upgrade/fanout/loop.go l.serve":           "recovers",
		"upgrade/fanout/shards.go h.poll.run":      "asks the kernel; serves nobody",
		"upgrade/fanout/shards.go h.run":           "contains what each session does",
		"proxy/origin/pool.go time.AfterFunc":      "closes idle connections",
		"proxy/origin/deadlines.go time.AfterFunc": "moves deadlines of a socket",
		"proxy/watch.go time.AfterFunc":            "starts run",
	}
	found := map[string]bool{}
	eachSource(t, func(name string, file *ast.File) {
		for _, start := range starts(file) {
			found[name+" "+start] = true
		}
	})
	for start := range found {
		if known[start] == "" && !strings.HasSuffix(start, " context.AfterFunc") {
			t.Errorf("%s: what becomes of a panic there?", start)
		}
	}
	for start := range known {
		if !found[start] {
			t.Errorf("%s is no more", start)
		}
	}
}

// starts names what a file starts goroutines with.
func starts(file *ast.File) (all []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			all = append(all, nameOf(n.Call.Fun))
		case *ast.CallExpr:
			if name := nameOf(n.Fun); slices.Contains([]string{"time.AfterFunc", "context.AfterFunc"}, name) || strings.HasSuffix(name, ".Go") {
				all = append(all, name)
			}
		}
		return true
	})
	return all
}

func nameOf(fun ast.Expr) string {
	switch fun := fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return nameOf(fun.X) + "." + fun.Sel.Name
	}
	return "func"
}
