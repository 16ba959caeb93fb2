package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/explain"
)

// explainFlags are what the command line can say.
type explainFlags struct {
	config string
	admin  adminFlags
	method string
	header []string
	from   string
	json   bool
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain (--config FILE | --admin URL) URL",
		Short: "Say what becomes of a request, and why",
		Long: `explain says which route a request matches and why those before it do not, how it
is served, what of it is in the feed's key, with whom its answer is shared, what
the poll to the origin looks like, and when it is sent: by the code that serves
requests. Values of credentials are not repeated.

With --config it reads a configuration, and contacts nobody. With --admin it asks
a running proxy, which also knows the feed that there is, what was learned of the
origin, and what would happen now. The URL has a host, or is a path only: then the
host is localhost, or that of -H 'Host: …'.`,
		Example: `  pollmux explain --config pollmux.yaml /api/scores
  pollmux explain --config pollmux.yaml -H 'Accept: text/event-stream' http://api.example.com/api/scores
  pollmux explain --admin http://127.0.0.1:9090 -H 'Cookie: sid=1' http://localhost:8080/api/scores`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{"explain takes one URL: see \"pollmux explain --help\""}
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration `FILE` (YAML)")
	flags.StringVar(&f.method, "method", "GET", "the request's `METHOD`")
	flags.StringArrayVarP(&f.header, "header", "H", nil, "a header of the request, as `'Name: value'`; any number of them")
	flags.StringVar(&f.from, "from", "", "the client's `ADDRESS`, where trusted_proxies matters")
	flags.BoolVar(&f.json, "json", false, "print JSON, as GET /api/explain does")
	f.admin.add(flags, "")
	_ = cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions([]cobra.Completion{"GET", "HEAD", "POST", "OPTIONS"}, cobra.ShellCompDirectiveNoFileComp)) // there is such a flag
	return cmd
}

func (f *explainFlags) run(cmd *cobra.Command, target string) error {
	q := explain.Question{Method: f.method, URL: target, Header: f.header}
	if f.from != "" {
		from, err := netip.ParseAddr(f.from)
		if err != nil {
			return &usageError{"--from is no address; write one such as 192.0.2.7"}
		}
		q.From = from
	}
	if _, err := q.Raw(); err != nil {
		return &usageError{err.Error()}
	}
	said, err := f.ask(cmd.Context(), q)
	if err != nil {
		return reportProblems(cmd.ErrOrStderr(), err)
	}
	if err := f.print(cmd.OutOrStdout(), said); err != nil {
		return err
	}
	if said.Outcome.Status == http.StatusNotFound {
		return errReported
	}
	return nil
}

// ask asks the configuration, or the running proxy.
func (f *explainFlags) ask(ctx context.Context, q explain.Question) (*explain.Explanation, error) {
	switch {
	case f.config == "" && f.admin.url == "":
		return nil, &usageError{"explain needs --config FILE or --admin URL: see \"pollmux explain --help\""}
	case f.config != "" && f.admin.url != "":
		return nil, &usageError{"--config and --admin exclude each other: one is a file, the other a running proxy"}
	case f.config != "":
		return explainFile(ctx, f.config, q)
	}
	values := url.Values{"url": {q.URL}, "method": {q.Method}, "header": q.Header}
	if q.From.IsValid() {
		values.Set("from", q.From.String())
	}
	c, err := f.admin.client()
	if err != nil {
		return nil, err
	}
	var said explain.Explanation
	return &said, c.Read(ctx, "/api/explain?"+values.Encode(), &said)
}

// explainFile builds a proxy that serves nobody and asks it.
func explainFile(ctx context.Context, file string, q explain.Question) (*explain.Explanation, error) {
	c, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	p, err := proxy.New(c, proxy.Options{Log: slog.New(slog.DiscardHandler), Version: version})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Shutdown(ctx) }()
	return p.Explain(ctx, q)
}

func (f *explainFlags) print(w io.Writer, said *explain.Explanation) error {
	if f.json {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(said)
	}
	if err := said.Text(w, f.config); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
