package child

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// LegacyOptions are those of the legacy origin.
type LegacyOptions struct {
	Latency time.Duration `json:"latency"` // of what is not under Quick
}

// Quick begins the paths whose scoreboard answers at once. Everywhere else is the
// one that takes its time.
const Quick = "/quick/"

// runLegacy runs two legacy scoreboards. Its verb is
//
//	count PATH   returns how many requests there were for a path
func runLegacy(o LegacyOptions, l net.Listener, s Standard) error {
	mux := http.NewServeMux()
	mux.Handle(Quick, legacy.NewScoreboard(legacy.Options{}))
	mux.Handle("/", legacy.NewScoreboard(legacy.Options{Latency: o.Latency}))
	counter := legacy.Count(mux, nil)
	server := &http.Server{Handler: counter}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	err := s.obey(l.Addr().String(), verbs{"count": func(path string) (any, error) { return counter.Counts().Paths[path], nil }})
	_ = server.Close()
	serving.Wait()
	return err
}
