package admin

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// Proxy is what is administered.
type Proxy interface {
	Ledger() *ledger.Ledger
	Feeds() *feed.Feeds
	Ready(ctx context.Context) error
	Refresh(path string) int
}

// Options are the policy of the listener.
type Options struct {
	Token string // "" if none is needed
	Log   *slog.Logger
}

// Admin serves the operator.
type Admin struct {
	proxy  Proxy
	token  string
	server *http.Server
}

//go:embed dashboard.html
var dashboard []byte

// New returns an admin of a proxy.
func New(p Proxy, o Options) *Admin {
	a := &Admin{proxy: p, token: o.Token}
	a.server = &http.Server{
		Handler:           a.guard(a.mux()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return a
}

// Serve serves until Close. It blocks.
func (a *Admin) Serve(l net.Listener) { _ = a.server.Serve(l) }

// Close ends the listener and its connections.
func (a *Admin) Close() { _ = a.server.Close() }

func (a *Admin) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.dashboard)
	mux.HandleFunc("GET /api/stats", a.stats)
	mux.HandleFunc("GET /api/feeds", a.feeds)
	mux.HandleFunc("POST /api/refresh", a.refresh)
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

// guard lets in whoever has the token, or whoever is here where there is none.
// Health is no secret.
func (a *Admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch {
		case r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		case a.token == "" && !isHere(r.Host):
			say(w, http.StatusForbidden, "ask for this by address or as localhost, or set admin.token")
			return
		case a.token != "" && !a.knows(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="pollmux admin"`)
			say(w, http.StatusUnauthorized, "send Authorization: Bearer with admin.token")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knows reports whether a request has the token: as a bearer's, or for a browser
// as the password of any user.
func (a *Admin) knows(r *http.Request) bool {
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, password, ok := r.BasicAuth(); ok {
		given = password
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(a.token)) == 1
}

// isHere reports whether an authority is an address or localhost: no name that
// somebody else's DNS could point here.
func isHere(authority string) bool {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		host = authority
	}
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}

func (a *Admin) dashboard(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_, _ = w.Write(dashboard)
}

func (a *Admin) stats(w http.ResponseWriter, _ *http.Request) { writeJSON(w, a.proxy.Ledger().Stats()) }

func (a *Admin) feeds(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, a.proxy.Feeds().List(time.Now()))
}

// refresh is for webhooks: something has changed, and it did not pass through
// here.
func (a *Admin) refresh(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Query().Get("path")
	if !strings.HasPrefix(path, "/") {
		say(w, http.StatusBadRequest, "say which feeds: POST /api/refresh?path=/api/scores")
		return
	}
	writeJSON(w, map[string]int{"feeds": a.proxy.Refresh(path)})
}

func (a *Admin) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if err := a.proxy.Ready(ctx); err != nil {
		say(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	say(w, http.StatusOK, "ready")
}

func (a *Admin) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.proxy.Ledger(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
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
