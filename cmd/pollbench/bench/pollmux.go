package bench

import (
	"fmt"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// Names of servers in tables. Those of peers are their own.
const (
	pollmux = "pollmux"
	bare    = "bare"
	direct  = "direct"
	nginx   = "nginx"
	varnish = "varnish"
	haproxy = "haproxy"

	// nginxForward tells the origin as much of a request's way as pollmux does.
	nginxForward = "nginx, X-Forwarded"
)

// proxyConfig is pollmux's configuration, with one route, of which the second
// verb says more.
const proxyConfig = `upstreams: {origin: {servers: ["http://%s"], timeout: 60s}}
routes:
  - {path: /**, upstream: origin, %s}
`

// startPollmux starts pollmux in front of an origin.
func startPollmux(s *stage.Stage, origin, route string) (*stage.Process, error) {
	return startConfigured(s, fmt.Appendf(nil, proxyConfig, origin, route))
}

// startConfigured starts pollmux with a configuration.
func startConfigured(s *stage.Stage, config []byte) (*stage.Process, error) {
	return startConfiguredOf(s, "", config)
}

// startConfiguredOf starts the pollmux of another build of this program; "" is this
// one.
func startConfiguredOf(s *stage.Stage, program string, config []byte) (*stage.Process, error) {
	file, err := s.File("pollmux.yaml", config)
	if err != nil {
		return nil, err
	}
	return s.ChildOf(program, child.Proxy, child.ProxyOptions{Config: file})
}
