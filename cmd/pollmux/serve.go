package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/config"
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

With --config, it reads FILE again when that changes, and when it gets SIGHUP. A
configuration with problems is refused: they are logged, and the one in force stays.

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
			return serve(cmd.Context(), c, f.config, f.names(), logs)
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

// serve runs a proxy and its admin listener until ctx ends, or a successor serves. The
// configuration is that of a file, which is read anew when it changes; "" is none.
func serve(ctx context.Context, c *config.Config, file string, called names, logs *logs) error {
	asked, stop := upgrades()
	defer stop()
	reloads := newReloads(file, logs.log.Logger())
	defer reloads.close()
	ask := reloads.ask
	if file == "" {
		ask = nil
	}
	r, err := newRunning(c, called, logs, ask)
	if err != nil {
		return err
	}
	r.warnUnreachable(ctx)
	reloads.run(ctx, r, asked)
	r.stop()
	return nil
}

// fit makes the limits fit the machine.
func fit(c *config.Config, log *slog.Logger) {
	if open, ok := openFiles(); ok {
		fitDescriptors(c, open, log)
	}
	fitMemory(c, log)
}
