package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pollmux/pollmux/proxy/admin/history"
	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// Proxy is what is administered.
type Proxy interface {
	Ledger() *ledger.Ledger
	Feeds() *feed.Feeds
	Ready(ctx context.Context) error
	Refresh(paths, routes []string) (feeds int, each []int, err error)
	Explain(ctx context.Context, q explain.Question) (*explain.Explanation, error)
}

// Options are the policy of the listener.
type Options struct {
	Token string       // "" if none is needed
	Log   *slog.Logger // defaults to slog.Default()

	// Version and Revision say which program this is.
	Version, Revision string

	// Metrics are shown besides the proxy's and the process's own; nil is none.
	Metrics prometheus.Collector

	// Reload loads the configuration anew, and says what has changed, to be told as
	// JSON, or why it is refused. Nil if there is nothing to load.
	Reload func(context.Context) (any, error)
}

// Admin serves the operator.
type Admin struct {
	proxy     Proxy
	token     atomic.Pointer[string]
	load      func(context.Context) (any, error)
	dashboard *dashboard
	began     time.Time
	history   *history.History
	meter     *meter
	live      *live
	viewers   *viewers
	registry  *prometheus.Registry
	server    *http.Server
	running   sync.WaitGroup // live, from the first Serve on
	serve     sync.Once
	close     sync.Once

	// The goroutine of live has these.
	crowd   crowd
	crowded time.Time // when it was looked at
}

// New returns an admin of a proxy.
func New(p Proxy, o Options) *Admin {
	now := time.Now()
	a := &Admin{proxy: p, load: o.Reload, dashboard: newDashboard(), began: now, history: history.New(now), meter: newMeter(o.Version)}
	a.SetToken(o.Token)
	a.registry = a.newRegistry(o)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a.live = newLive(func(now time.Time) { a.history.Tick(now, p.Ledger()) }, a.look, o.Log)
	a.viewers = newViewers(a.live, o.Log)
	a.server = &http.Server{
		Handler:           a.guard(http.NewCrossOriginProtection().Handler(a.mux())),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return a
}

// SetToken has everybody need another token from now on; "" none.
func (a *Admin) SetToken(token string) { a.token.Store(&token) }

// Serve serves until the listener is closed. It blocks.
func (a *Admin) Serve(l net.Listener) {
	a.serve.Do(func() { a.running.Go(a.live.run) })
	_ = a.server.Serve(l)
}

// Close ends the listener and its connections, and waits for what looks after the
// dashboard.
func (a *Admin) Close() {
	a.close.Do(a.live.stop)
	_ = a.server.Close()
	a.viewers.engine.Close()
	a.serve.Do(func() {}) // it does not begin any more
	a.running.Wait()
}

func (a *Admin) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", a.dashboard)
	mux.HandleFunc("GET /api/stats", a.stats)
	mux.HandleFunc("GET /api/feeds", a.feeds)
	mux.HandleFunc("GET /api/explain", a.explain)
	mux.HandleFunc("GET /api/history", a.past)
	mux.Handle("GET /api/live", a.viewers)
	mux.HandleFunc("POST /api/refresh", a.refresh)
	mux.HandleFunc("POST /api/reload", a.reload)
	mux.Handle("GET /metrics", a.metrics())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func (a *Admin) stats(w http.ResponseWriter, _ *http.Request) {
	s := a.proxy.Ledger().Stats()
	s.StaleFeeds = staleOf(a.proxy.Feeds().List(time.Now()))
	writeJSON(w, s)
}

func (a *Admin) feeds(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, a.proxy.Feeds().List(time.Now()))
}

// ready tells everybody whether, and those who may see everything why not: that
// can name addresses.
func (a *Admin) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	switch err := a.proxy.Ready(ctx); {
	case err == nil:
		say(w, http.StatusOK, "ready")
	case a.admits(r):
		say(w, http.StatusServiceUnavailable, err.Error())
	default:
		say(w, http.StatusServiceUnavailable, "not ready")
	}
}

func (a *Admin) metrics() http.Handler {
	return promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{})
}

// newRegistry has everything that /metrics tells of.
func (a *Admin) newRegistry(o Options) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.proxy.Ledger(), standing{a}, buildInfo(o.Version, o.Revision),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if o.Metrics != nil {
		registry.MustRegister(o.Metrics)
	}
	return registry
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // the client has left
}
