package bench

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/accesslog"
)

// echo is an origin that counts what it gets, per path, and answers as that of the
// log did. It runs in this process, because it has to know when the log began.
type echo struct {
	address string
	speed   float64
	server  *fasthttp.Server
	serving sync.WaitGroup

	mu    sync.Mutex
	began time.Time
	paths map[string]int64
}

// newEcho starts one. The caller must close it.
func newEcho(speed float64) (*echo, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &echo{address: l.Addr().String(), speed: speed, began: time.Now(), paths: map[string]int64{}}
	e.server = &fasthttp.Server{Handler: e.serve, NoDefaultServerHeader: true}
	e.serving.Go(func() { _ = e.server.Serve(l) })
	return e, nil
}

// begin says when the log begins.
func (e *echo) begin(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.began = now
}

// count notes a request and returns when it came in the log's time.
func (e *echo) count(path string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paths[path]++
	return time.Duration(float64(time.Since(e.began)) * e.speed)
}

// usual is how long an answer takes in the log's time.
const usual = 20 * time.Millisecond

func (e *echo) serve(ctx *fasthttp.RequestCtx) {
	path := string(ctx.Path())
	at := e.count(path)
	took := usual
	if path == logs.Waiting {
		took = logs.News(at) - at
	}
	time.Sleep(time.Duration(float64(took) / e.speed))
	if strings.HasSuffix(path, ".php") {
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
	ctx.Response.Header.SetContentType("application/json")
	ctx.SetBodyString(`{"ok":true}`)
}

// total is how many requests there were.
func (e *echo) total() (n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, requests := range e.paths {
		n += requests
	}
	return n
}

// routes compares what was predicted with what came, per pattern that is coalesced.
func (e *echo) routes(report *accesslog.Report) (routes []PlayedPath) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, end := range report.Endpoints {
		pattern, err := config.ParsePattern(end.Pattern)
		if err != nil || !end.Coalesced {
			continue
		}
		r := PlayedPath{Route: end.Method + " " + end.Pattern, Requests: end.Requests, Predicted: end.OriginRequests}
		for path, n := range e.paths {
			if pattern.Match([]byte(path)) {
				r.Measured += n
			}
		}
		routes = append(routes, r)
	}
	return routes
}

func (e *echo) close() error {
	err := e.server.Shutdown()
	e.serving.Wait()
	return err
}
