package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/proxy/accesslog"
)

// analyzing is what the flags of analyze say.
type analyzing struct {
	format   string
	interval time.Duration
	upstream string
	json     bool
	emit     bool
}

func newAnalyze() *cobra.Command {
	var o analyzing
	cmd := &cobra.Command{
		Use:   "analyze LOG...",
		Short: "Find the polls in access logs, and what pollmux would save of them",
		Long: `analyze reads access logs of nginx, Apache, HAProxy, Envoy, Caddy and Traefik:
common, combined, JSON lines, and each server's own; plain, .gz or .zst, in any
order; "-" is standard input. It finds the requests that are polls by their rhythm,
groups URLs into patterns of routes, and plays the log through pollmux's rules to
tell how many requests the origin would still get. Lines that it cannot read are
counted and shown.

The format is found out for each log from its first lines, unless --format says
what it is: ` + accesslog.Names + `
with what stands in nginx's log_format or in Apache's LogFormat.`,
		Example: `  pollmux analyze /var/log/nginx/access.log*
  zcat old.gz | pollmux analyze --json -
  pollmux analyze --format 'nginx:$remote_addr [$time_local] "$request" $status' access.log
  pollmux analyze --emit-config --upstream http://127.0.0.1:9000 access.log > pollmux.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{"analyze takes at least one LOG, or - for standard input: see \"pollmux analyze --help\""}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.format, "format", "auto", "`FORMAT` of the logs")
	flags.DurationVar(&o.interval, "interval", 0, "`TIME` between two polls to predict for (default: the one that suits each endpoint)")
	flags.BoolVar(&o.json, "json", false, "print the report as JSON")
	flags.BoolVar(&o.emit, "emit-config", false, "print a configuration instead")
	flags.StringVar(&o.upstream, "upstream", "", "`URL` of the origin for --emit-config (default: the variable POLLMUX_UPSTREAM)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"auto", "common", "combined", "json", "haproxy", "envoy", "caddy", "traefik", "nginx:", "apache:"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check finds out what cannot be meant before anything is read.
func (o *analyzing) check() ([]*accesslog.Format, error) {
	switch {
	case o.json && o.emit:
		return nil, &usageError{"--json and --emit-config exclude each other: run it twice"}
	case o.upstream != "" && !o.emit:
		return nil, &usageError{"--upstream goes with --emit-config"}
	case o.interval != 0 && (o.interval < 10*time.Millisecond || o.interval > 24*time.Hour):
		return nil, &usageError{fmt.Sprintf("--interval %v: choose 10ms to 24h", o.interval)}
	}
	if u, err := url.Parse(o.upstream); o.upstream != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Path != "" && u.Path != "/") {
		return nil, &usageError{"--upstream: write http://host:port or https://host:port"}
	}
	formats, err := accesslog.ParseFormat(o.format)
	if err != nil {
		return nil, &usageError{"--format: " + err.Error()}
	}
	return formats, nil
}

func (o *analyzing) run(cmd *cobra.Command, args []string) error {
	formats, err := o.check()
	if err != nil {
		return err
	}
	logs, err := openLogs(cmd.InOrStdin(), args)
	if err != nil {
		return err
	}
	meter := new(accesslog.Meter)
	bar := startBar(cmd.ErrOrStderr(), meter, logs)
	report, err := accesslog.Analyze(cmd.Context(), logs, accesslog.Options{
		Formats: formats, Interval: o.interval, Meter: meter, Say: bar.say,
	})
	bar.stop()
	if err != nil {
		return err
	}
	return o.print(cmd.OutOrStdout(), report)
}

func (o *analyzing) print(w io.Writer, report *accesslog.Report) error {
	switch {
	case o.json:
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(report)
	case o.emit:
		return report.WriteConfig(w, o.upstream)
	}
	report.Write(w)
	return nil
}

// openLogs finds the logs. Each may be named once: a request that is counted twice
// would look like two clients.
func openLogs(stdin io.Reader, names []string) (logs []accesslog.Input, err error) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return nil, &usageError{fmt.Sprintf("%s is named twice", name)}
		}
		seen[name] = true
		in := accesslog.Input{Name: "standard input", Once: true, Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }}
		if name != "-" {
			if in, err = accesslog.File(name); err != nil {
				return nil, err
			}
		}
		logs = append(logs, in)
	}
	return logs, nil
}
