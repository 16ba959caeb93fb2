package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/admin"
	"github.com/pollmux/pollmux/proxy/cert"
)

// running is a proxy at work, with all that serve has opened for it. It belongs to the
// goroutine of serve.
type running struct {
	proxy   *proxy.Proxy
	admin   *admin.Admin
	logs    *logs
	log     *slog.Logger
	certs   *certificates
	sockets *sockets
	leave   *leave
	serving sync.WaitGroup

	beating sync.WaitGroup
	end     context.CancelFunc // of that

	said *config.Config // the configuration in force, as it was written
}

// newRunning runs a proxy and its admin listener. reload is what POST /api/reload does; nil
// if it does nothing.
func newRunning(c *config.Config, called names, logs *logs, reload func(context.Context) (any, error)) (*running, error) {
	r := &running{logs: logs, log: logs.log.Logger(), said: written(c), sockets: &sockets{called: called}}
	r.certs = newCertificates(r.log)
	keepers, err := r.certs.prepare(c)
	if err != nil {
		return nil, err
	}
	from, err := inherit()
	if err != nil {
		return nil, err
	}
	opening, err := r.sockets.prepare(c, keepers, from)
	if err != nil {
		from.close()
		return nil, err
	}
	fit(c, r.log)
	if r.proxy, err = proxy.New(c, proxy.Options{Log: r.log, Access: logs.access, Version: version}); err != nil {
		opening.abandon()
		from.close()
		return nil, err
	}
	r.admin = admin.New(r.proxy, admin.Options{
		Token: c.Admin.Token, Log: r.log, Version: version, Revision: revision(), Reload: reload,
		Metrics: cert.Current(func() []*cert.Keeper { return *r.certs.keepers.Load() }),
	})
	r.open(opening, keepers)
	r.report()
	from.ready()
	r.leave.manager.tell("READY=1")
	return r, nil
}

// report begins to tell the system's manager that the process is alive.
func (r *running) report() {
	r.leave = &leave{config: r.said, sockets: r.sockets, manager: newManager(), program: ownProgram(), log: r.log}
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	r.beating.Go(func() { r.leave.manager.beat(ctx) })
}

// open serves what was opened, and closes what is not listed any more. Who came by that is
// served on.
func (r *running) open(o *opening, keepers map[string]*cert.Keeper) {
	opened, left := o.apply(r.sockets)
	r.certs.apply(keepers)
	for _, s := range opened {
		if s.part == forAdmin {
			r.serving.Go(func() { r.admin.Serve(s) })
			r.log.Info("admin", "address", s.Addr().String())
			continue
		}
		r.serving.Go(func() { _ = s.serve(r.proxy) })
		r.log.Info("serving", "address", s.Addr().String(), "tls", s.certs != nil)
	}
	for _, s := range left {
		_ = s.Close()
		r.log.Info("no longer listening", "address", s.Addr().String())
	}
}

// written is a configuration before it is fitted to the machine.
func written(c *config.Config) *config.Config {
	own := *c
	return &own
}

// isInForce reports whether a configuration says what the one in force says.
func (r *running) isInForce(c *config.Config) bool { return reflect.DeepEqual(r.said, c) }

// errReusePort: it is a property of sockets that are open.
var errReusePort = errors.New("reuse_port cannot change while pollmux runs: restart it")

// reload puts everything under another configuration: all of it or, if it returns an
// error, nothing. What may fail comes first.
func (r *running) reload(c *config.Config) (changes proxy.Changes, err error) {
	if c.ReusePort != r.said.ReusePort {
		return changes, errReusePort
	}
	said := written(c)
	keepers, err := r.certs.prepare(c)
	if err != nil {
		return changes, err
	}
	opening, err := r.sockets.prepare(c, keepers, &inheritance{})
	if err != nil {
		return changes, err
	}
	log := r.log
	if said.Limits == r.said.Limits {
		log = slog.New(slog.DiscardHandler) // what does not fit was said before
	}
	fit(c, log)
	if changes, err = r.proxy.Reload(c); err != nil {
		opening.abandon()
		return changes, err
	}
	r.said, r.leave.config = said, said
	r.logs.log.Set(c.Log)
	r.admin.SetToken(c.Admin.Token)
	r.open(opening, keepers)
	r.certs.reload()
	return changes, nil
}

// stop says goodbye to the clients that are held, and ends everything.
func (r *running) stop() {
	r.end()
	r.certs.close()
	r.leave.announce(r.proxy)
	drained, cancel := context.WithTimeout(context.Background(), r.said.DrainTimeout)
	defer cancel()
	if err := r.proxy.Shutdown(drained); err != nil {
		r.log.Warn("clients were cut off", "error", err)
	}
	r.admin.Close()
	r.serving.Wait()
	r.beating.Wait()
	r.log.Info("stopped")
}

// warnUnreachable tells of upstreams that do not answer yet. The proxy serves
// all the same: /readyz tells when they do.
func (r *running) warnUnreachable(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := r.proxy.Ready(ctx); err != nil {
		r.log.Warn("not ready yet; serving anyway, and /readyz says when that is over", "error", err)
	}
}
