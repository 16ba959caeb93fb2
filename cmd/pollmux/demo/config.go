package demo

import (
	_ "embed"
	"net/url"

	"github.com/pollmux/pollmux/config"
)

// configYAML is the proxy's configuration, as a reader could have written it.
//
//go:embed config.yaml
var configYAML []byte

// configuration is that of configYAML at the addresses of this demo.
func configuration(o Options, origin *url.URL) (*config.Config, error) {
	c, err := config.Parse("config.yaml", configYAML)
	if err != nil {
		return nil, err
	}
	c.Listen, c.Admin.Listen = config.ListenOn(o.Listen), o.Admin
	for _, u := range c.Upstreams {
		u.Servers = []*url.URL{origin}
	}
	return c, c.Validate()
}
