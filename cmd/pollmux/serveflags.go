package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/config"
)

// serveFlags are what the command line can say.
type serveFlags struct {
	config   string
	upstream string
	listen   string
	admin    string
	interval time.Duration
	noStore  bool
}

// check refuses flags that do not go together.
func (f *serveFlags) check(cmd *cobra.Command) error {
	switch {
	case f.config == "" && f.upstream == "":
		return &usageError{"serve needs --config FILE or --upstream URL: see \"pollmux serve --help\""}
	case f.config != "" && f.upstream != "":
		return &usageError{"--config and --upstream exclude each other: put the upstream into the file"}
	}
	for _, name := range []string{"listen", "admin", "interval", "share-no-store"} {
		if f.config != "" && cmd.Flags().Changed(name) {
			return &usageError{"--" + name + " goes with --upstream: put it into the file"}
		}
	}
	return nil
}

// names are what the user calls the addresses: fields of a file, or flags.
type names struct{ listen, admin string }

func (f *serveFlags) names() names {
	if f.config != "" {
		return names{"listen", "admin.listen"}
	}
	return names{"--listen", "--admin"}
}

func (f *serveFlags) configuration() (*config.Config, error) {
	if f.config != "" {
		c, _, err := loadConfiguration(f.config)
		return c, err
	}
	server, err := url.Parse(f.upstream)
	if err != nil {
		// Not quoted, as there may be a password in it.
		return nil, &usageError{"--upstream: is not a URL; write http://host:port or https://host"}
	}
	c := config.Default()
	c.Listen, c.Admin.Listen = config.ListenOn(f.listen), f.admin
	u := config.DefaultUpstream()
	u.Servers, u.Host = []*url.URL{server}, hostOf(server)
	c.Upstreams["upstream"] = u
	r := config.DefaultRoute()
	r.Name, r.Path, r.Upstream, r.Interval = "/**", config.MustPattern("/**"), "upstream", config.Every(f.interval)
	r.ShareNoStore = f.noStore
	c.Routes = []*config.Route{r}
	if err := c.Validate(); err != nil {
		return nil, usageProblems(err)
	}
	return c, nil
}

// usageProblems says of flags what the configuration says of itself. A command
// line is told of one problem at a time.
func usageProblems(err error) error {
	var problems config.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		return &usageError{asFlags.Replace(problems[0].String())}
	}
	return err
}

// asFlags writes the fields that flags have set as those flags.
var asFlags = strings.NewReplacer(
	"upstreams.upstream.servers[0]", "--upstream",
	"upstreams.upstream.host", "--upstream",
	"routes[0].interval", "--interval",
	"admin.listen", "--admin",
	"listen[0]", "--listen",
	"admin.token is not set; set it", "has no token; use --config with admin.token in the file",
)

// hostOf is the Host that a named upstream expects.
func hostOf(server *url.URL) string {
	name := server.Hostname()
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return ""
	}
	return server.Host
}

// noFile refuses arguments. The usual one is a configuration.
func noFile(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && (strings.HasSuffix(args[0], ".yaml") || strings.HasSuffix(args[0], ".yml")) {
		return &usageError{fmt.Sprintf("serve takes its configuration as a flag: did you mean --config %s?", args[0])}
	}
	return noArgs(cmd, args)
}
