package child

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
)

// ProxyOptions are pollmux's.
type ProxyOptions struct {
	Config string `json:"config"` // a file; where it listens does not count
}

// runProxy runs pollmux. Its verbs are those of [sampleVerbs] and of
// [profileVerbs], and
//
//	feeds   returns how many are live
func runProxy(o ProxyOptions, l net.Listener, s Standard) error {
	c, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := proxy.New(c, proxy.Options{Log: log, Version: "pollbench"})
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = p.Serve(l) })
	v := profileVerbs(sampleVerbs(func() int64 { return subscribers(p) }))
	v["feeds"] = func(string) (any, error) { return p.Feeds().Len(), nil }
	err = s.obey(l.Addr().String(), v)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	_ = p.Shutdown(ctx) // whoever is left over does not matter
	serving.Wait()
	return err
}

// subscribers is how many clients the proxy holds.
func subscribers(p *proxy.Proxy) int64 {
	n := p.Ledger().Stats().Totals.Subscribers
	return n.Longpoll + n.SSE + n.NDJSON + n.Multipart + n.WebSocket
}
