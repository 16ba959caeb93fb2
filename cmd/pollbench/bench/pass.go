package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// The parts of the benchmark.
const (
	smallGET = "small GET"
	download = "download"
	upload   = "upload"
)

// PassOptions are those of Pass.
type PassOptions struct {
	Clients int
	For     time.Duration // one server in one round of one part
	Rounds  int
	Body    int // bytes of the small answer
	Bulk    int // MiB of the large ones
	Streams int // clients that move those
	Bars    bool
	Others  []string // other builds of this program, whose pollmux takes part
	Profile string
	Say     Say
}

// Pass measures the CPU time of a request that passes through: a small GET, and
// bulk both ways. "bare" is a handler that does nothing but call fasthttp's own
// client; "direct" is the origin itself, whose CPU time is not in the others'.
func Pass(ctx context.Context, o PassOptions) (result *PassResult, err error) {
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := &pass{options: o, result: &PassResult{Missing: []string{}}}
	if p.result.Apart, err = s.Apart(); err != nil {
		return nil, err
	}
	if err := p.cast(ctx, s); err != nil {
		return nil, err
	}
	if err := p.measure(ctx); err != nil {
		return nil, err
	}
	p.result.judge(o.Bars)
	return p.result, nil
}

// pass is the servers of the benchmark, in the order of names.
type pass struct {
	options PassOptions
	names   []string
	servers []*stage.Process
	result  *PassResult
}

func (p *pass) cast(ctx context.Context, s *stage.Stage) error {
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: p.options.Body, Bulk: p.options.Bulk << 20})
	if err != nil {
		return err
	}
	relay, err := s.Child(child.Relay, child.RelayOptions{Origin: origin.Address})
	if err != nil {
		return err
	}
	p.names, p.servers = []string{direct, bare}, []*stage.Process{origin, relay}
	for _, program := range append([]string{""}, p.options.Others...) {
		server, err := startConfiguredOf(s, program, fmt.Appendf(nil, proxyConfig, origin.Address, "mode: pass"))
		if err != nil {
			return err
		}
		p.names, p.servers = append(p.names, nameOf(program)), append(p.servers, server)
	}
	return errors.Join(
		p.addPeer(nginx, func() (*stage.Process, error) { return s.Nginx(ctx, origin.Address, stage.NginxPass) }),
		p.addPeer(nginxForward, func() (*stage.Process, error) { return s.Nginx(ctx, origin.Address, stage.NginxForward) }),
		p.addPeer(varnish, func() (*stage.Process, error) { return s.Varnish(ctx, origin.Address, stage.VarnishPass) }),
		p.addPeer(haproxy, func() (*stage.Process, error) { return s.HAProxy(ctx, origin.Address, stage.HAProxyPass) }))
}

// addPeer adds a server that may not be installed.
func (p *pass) addPeer(name string, start func() (*stage.Process, error)) error {
	server, err := start()
	if errors.Is(err, stage.ErrNotInstalled) {
		p.result.Missing = append(p.result.Missing, name)
		return nil
	}
	p.names, p.servers = append(p.names, name), append(p.servers, server)
	return err
}

// measure does the three parts.
func (p *pass) measure(ctx context.Context) (err error) {
	o, r := p.options, p.result
	small := p.contest(smallGET, o.Clients, 1, func(address string) load.Request {
		return load.Get(address, child.Fixed, load.Any)
	})
	if r.Small, err = small.run(ctx, nginx, bare); err != nil {
		return err
	}
	if r.Down, err = p.down().run(ctx, nginx, bare); err != nil {
		return err
	}
	if r.Up, err = p.up().run(ctx, nginx, bare); err != nil {
		return err
	}
	for _, one := range small.all {
		if one.name == pollmux {
			return small.profile(ctx, one, o.Profile)
		}
	}
	return nil
}

func (p *pass) down() *contest {
	size := int64(p.options.Bulk) << 20
	return p.contest(download, p.options.Streams, float64(p.options.Bulk), func(address string) load.Request {
		return load.Get(address, child.Down, size)
	})
}

func (p *pass) up() *contest {
	body := bytes.Repeat([]byte{'x'}, p.options.Bulk<<20)
	answer := int64(len(strconv.Itoa(len(body))))
	return p.contest(upload, p.options.Streams, float64(p.options.Bulk), func(address string) load.Request {
		return load.Post(address, child.Up, body, answer)
	})
}

// contest is one part, in which all servers get the same request.
func (p *pass) contest(title string, clients int, weight float64, request func(address string) load.Request) *contest {
	c := &contest{title: title, clients: clients, lap: p.options.For, rounds: p.options.Rounds, weight: weight, say: p.options.Say}
	for i, server := range p.servers {
		c.all = append(c.all, &contestant{name: p.names[i], server: server, request: request(server.Address)})
	}
	return c
}
