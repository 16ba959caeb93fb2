package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollmux/demo"
	"github.com/pollmux/pollmux/config"
)

func newDemo() *cobra.Command {
	var o demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show it at work: legacy origins, the proxy, clients and a page to watch them",
		Long: `demo starts a few legacy APIs that can only be polled, the proxy in front of them,
and simulated clients that watch a scoreboard in five ways: plain polls without
and with pollmux, long polls, streams, WebSockets. It prints the address of a page
that shows what each way costs the API, and how late it is. It needs no file, and
no network but loopback.`,
		Example: `  pollmux demo
  pollmux demo --clients 100
  pollmux demo --listen 127.0.0.1:0 --admin 127.0.0.1:0`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Clients < 1 || o.Clients > demo.MaxClients {
				return &usageError{fmt.Sprintf("--clients %d: choose 1 to %d", o.Clients, demo.MaxClients)}
			}
			o.Log = newLogger(cmd.ErrOrStderr(), config.Log{Level: config.LogWarn, Format: config.LogText})
			o.Version = version
			return demo.Run(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`ADDRESS` of the page, which is the proxy's")
	flags.StringVar(&o.Admin, "admin", "127.0.0.1:9090", "`ADDRESS` of the operator's dashboard, on loopback")
	flags.IntVar(&o.Clients, "clients", 30, "simulated clients per lane")
	flags.Uint64Var(&o.Seed, "seed", 1, "`NUMBER` that decides the game and the small talk")
	return cmd
}
