package demo

import (
	"context"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

//go:embed page
var pageFiles embed.FS

// origin is the server behind the proxy: the legacy APIs, which know nothing of
// all this, and beside them what the page needs.
type origin struct {
	site    *legacy.Site
	lanes   []*lane
	journal *journal
	server  *http.Server
	serving sync.WaitGroup
}

const (
	// frames of the camera, and observations of everything, come this often.
	framePace   = 200 * time.Millisecond
	observePace = 25 * time.Millisecond

	// observations between two samples of the counters.
	observationsPerSample = 10

	// maxBurst is the most that the members of the room say at once: enough to
	// look busy, and little enough to read.
	maxBurst = 3
)

func newOrigin(o Options) *origin {
	r := &origin{journal: &journal{}}
	r.site = legacy.NewSite(legacy.Options{Seed: o.Seed, Every: o.Every, Burst: maxBurst})
	r.lanes = newLanes(r.site, r.journal)
	return r
}

// serve serves a demo until close.
func (r *origin) serve(l net.Listener, d *Demo) {
	r.server = &http.Server{Handler: r.handler(d), ReadHeaderTimeout: 10 * time.Second}
	r.serving.Go(func() { _ = r.server.Serve(l) }) // waited for by close
}

func (r *origin) close() {
	_ = r.server.Close()
	r.serving.Wait()
}

func (r *origin) handler(d *Demo) http.Handler {
	camera := legacy.NewCamera(legacy.Options{Every: legacy.Pace{Min: framePace}})
	files, _ := fs.Sub(pageFiles, "page") // the name is valid
	control := http.NewCrossOriginProtection()
	mux := http.NewServeMux()
	mux.Handle("/api/", r.site)
	mux.Handle("/lanes/", r.site)
	mux.Handle(legacy.CameraPath, camera)
	mux.HandleFunc("GET /demo/telemetry", d.showTelemetry)
	mux.HandleFunc("GET /demo/history", d.showHistory)
	mux.HandleFunc("GET /demo/config.yaml", showConfig)
	mux.Handle("POST /demo/control", control.Handler(http.HandlerFunc(d.control)))
	mux.Handle("/", page(http.FileServerFS(files)))
	return mux
}

// observe watches the scoreboard and the counters until ctx ends. It asks the
// scoreboard itself, which is no request.
func (r *origin) observe(ctx context.Context) {
	ticker := time.NewTicker(observePace)
	defer ticker.Stop()
	for n := 0; ; n++ {
		game := r.site.Scores.Game()
		r.journal.note(game.Changes, game.UpdatedAt.Time)
		if n%observationsPerSample == 0 {
			r.sample(time.Now())
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *origin) sample(now time.Time) {
	for _, l := range r.lanes {
		l.sample(now)
	}
}

// page adds what a page of one's own should say of itself: nothing comes from
// elsewhere, and a newer program's page is not mixed with this one's.
func page(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'")
		files.ServeHTTP(w, r)
	})
}

func showConfig(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(configYAML) // the client has left
}
