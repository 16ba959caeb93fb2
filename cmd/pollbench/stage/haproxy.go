package stage

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// haproxyConfig is HAProxy with one thread, nothing logged, and connections to the
// origin shared. Its verbs are the address, the backend's own lines, and the origin.
const haproxyConfig = `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  http-reuse always
cache snapshots
  total-max-size 64
  max-object-size 10000000
  max-age 3600
frontend clients
  bind %s
  default_backend origin
backend origin
%s
  server origin %s
`

// HAProxyCache keeps answers for longer than a benchmark takes, HAProxyPass passes
// everything on.
const (
	HAProxyCache = "  http-request cache-use snapshots\n" +
		"  http-response set-header Cache-Control \"max-age=3600\"\n  http-response cache-store snapshots"
	HAProxyPass = ""
)

// HAProxy starts HAProxy in front of an origin.
func (s *Stage) HAProxy(ctx context.Context, origin, backend string) (*Process, error) {
	program, err := find("haproxy")
	if err != nil {
		return nil, err
	}
	dir, err := s.Dir("haproxy")
	if err != nil {
		return nil, err
	}
	return onFreeAddress(func(address string) (*Process, error) {
		config, err := s.File(filepath.Join("haproxy", "haproxy.cfg"), fmt.Appendf(nil, haproxyConfig, address, backend, origin))
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(program, "-db", "-f", config)
		cmd.Dir = dir
		return s.peer(ctx, "haproxy", address, cmd)
	})
}
