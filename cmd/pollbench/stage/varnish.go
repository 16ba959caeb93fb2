package stage

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
)

// varnishConfig is what all benchmarks have in common. Its verbs are the origin's
// host and port, and the subroutine that makes the difference.
const varnishConfig = `vcl 4.1;
backend default { .host = "%s"; .port = "%s"; }
%s
`

// VarnishCache keeps what the origin says for longer than a benchmark takes,
// VarnishPass passes everything through.
const (
	VarnishCache = "sub vcl_backend_response { set beresp.ttl = 1h; }"
	VarnishPass  = "sub vcl_recv { return (pass); }"
)

// Varnish starts Varnish in front of an origin, with its cache in memory. It keeps
// the user that it is started by, who owns its files.
func (s *Stage) Varnish(ctx context.Context, origin, subroutine string) (*Process, error) {
	program, err := find("varnishd")
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(origin)
	if err != nil {
		return nil, err
	}
	dir, err := s.Dir("varnish")
	if err != nil {
		return nil, err
	}
	config, err := s.File(filepath.Join("varnish", "default.vcl"), fmt.Appendf(nil, varnishConfig, host, port, subroutine))
	if err != nil {
		return nil, err
	}
	return onFreeAddress(func(address string) (*Process, error) {
		return s.peer(ctx, "varnish", address, exec.Command(program, "-F", "-j", "none", "-n", filepath.Join(dir, "work"),
			"-a", address, "-f", config, "-s", "malloc,64M", "-T", "none"))
	})
}
