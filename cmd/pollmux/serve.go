package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/admin"
	"github.com/pollmux/pollmux/proxy/cert"
)

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve (--config FILE | --upstream URL)",
		Short: "Run the proxy",
		Long: `serve runs the proxy until it is interrupted or terminated; then it says goodbye
to the clients that it holds, for at most drain_timeout. A second signal ends it
at once. SIGUSR2 has it start its program anew, which may be another version by
then, hand its sockets over, and drain once that one serves: nobody is turned away.

With --upstream it needs no file: one upstream, and every GET coalesced under the
safe defaults. The client's own Host is sent to the upstream if that is an
address or localhost, and otherwise the upstream's name.`,
		Example: `  pollmux serve --upstream http://127.0.0.1:9000
  pollmux serve --upstream http://127.0.0.1:9000 --listen :8080 --interval 2s
  pollmux serve --config pollmux.yaml`,
		Args: noFile,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			c, err := f.configuration()
			if err != nil {
				return reportProblems(cmd.ErrOrStderr(), err)
			}
			logs := newLogs(cmd.OutOrStdout(), cmd.ErrOrStderr(), c.Log)
			defer logs.close()
			return serve(cmd.Context(), c, f.names(), logs)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration `FILE` (YAML)")
	flags.StringVar(&f.upstream, "upstream", "", "`URL` of the API, to run without a file")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`ADDRESS` for clients, with --upstream")
	flags.StringVar(&f.admin, "admin", "127.0.0.1:9090", "`ADDRESS` for statistics, metrics and health, with --upstream")
	flags.DurationVar(&f.interval, "interval", time.Second, "pace of upstream polls, with --upstream")
	flags.BoolVar(&f.noStore, "share-no-store", false, "share answers to polls without credentials although they say no-store, with --upstream")
	return cmd
}

// serve runs a proxy and its admin listener until ctx ends, or a successor serves.
func serve(ctx context.Context, c *config.Config, called names, logs *logs) error {
	log := logs.log.Logger()
	asked, stop := upgrades()
	defer stop()
	certs, err := loadCertificates(c, log)
	if err != nil {
		return err
	}
	from, err := inherit()
	if err != nil {
		return err
	}
	open, err := listenAll(c, called, from, certs)
	if err != nil {
		from.close()
		return err
	}
	fit(c, log)
	p, err := proxy.New(c, proxy.Options{Log: log, Access: logs.access, Version: version})
	if err != nil {
		open.close()
		from.close()
		return err
	}
	a := admin.New(p, admin.Options{Token: c.Admin.Token, Log: log, Version: version, Revision: revision(), Metrics: cert.Collector(certs.keepers)})
	var running sync.WaitGroup
	running.Go(func() { a.Serve(open.admin) })
	for _, s := range open.clients {
		running.Go(func() { _ = s.serve(p) })
		log.Info("serving", "address", s.Addr().String(), "tls", s.certs != nil)
	}
	log.Info("admin", "address", open.admin.Addr().String())
	l := &leave{config: c, sockets: open, manager: newManager(), program: ownProgram(), log: log}
	background, end := context.WithCancel(context.Background())
	defer end()
	certs.watch(background, &running)
	running.Go(func() { l.manager.beat(background) })
	from.ready()
	l.manager.tell("READY=1")
	warnUnreachable(ctx, p, log)

	l.await(ctx, asked)
	end()
	l.announce(p)
	drained, cancel := context.WithTimeout(context.Background(), c.DrainTimeout)
	defer cancel()
	if err := p.Shutdown(drained); err != nil {
		log.Warn("clients were cut off", "error", err)
	}
	a.Close()
	running.Wait()
	log.Info("stopped")
	return nil
}

// fit makes the limits fit the machine.
func fit(c *config.Config, log *slog.Logger) {
	if open, ok := openFiles(); ok {
		fitDescriptors(c, open, log)
	}
	fitMemory(c, log)
}

// warnUnreachable tells of upstreams that do not answer yet. The proxy serves
// all the same: /readyz tells when they do.
func warnUnreachable(ctx context.Context, p *proxy.Proxy, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := p.Ready(ctx); err != nil {
		log.Warn("not ready yet; serving anyway", "error", err)
	}
}
