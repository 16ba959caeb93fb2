package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// PollOptions are those of Poll.
type PollOptions struct {
	Clients int
	For     time.Duration // one server in one round
	Rounds  int
	Body    int
	Bars    bool
	Others  []string // other builds of this program, whose pollmux takes part
	Profile string   // a file for pollmux's CPU profile; "" for none
	Say     Say
}

// Poll measures the CPU time of an answer from a fresh snapshot, and of one that
// says that nothing has changed: of pollmux, of a bare fasthttp handler with the
// same response, and of nginx, Varnish and HAProxy from their caches.
func Poll(ctx context.Context, o PollOptions) (result *PollResult, err error) {
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	result = &PollResult{}
	if result.Apart, err = s.Apart(); err != nil {
		return nil, err
	}
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: o.Body})
	if err != nil {
		return nil, err
	}
	p := &poll{stage: s, origin: origin, missing: []string{}}
	if err := p.cast(ctx, o.Others); err != nil {
		return nil, err
	}
	c := &contest{title: "poll", clients: o.Clients, lap: o.For, rounds: o.Rounds, weight: 1, all: p.all, say: o.Say}
	if result.Rows, err = p.measure(ctx, c); err != nil {
		return nil, err
	}
	result.Missing = p.missing
	result.judge(o.Bars)
	return result, c.profile(ctx, p.pollmux, o.Profile)
}

// poll is the servers of the benchmark.
type poll struct {
	stage   *stage.Stage
	origin  *stage.Process
	body    []byte
	all     []*contestant
	pollmux *contestant
	missing []string
}

// cast starts the servers and sees to it that each has the snapshot.
func (p *poll) cast(ctx context.Context, others []string) (err error) {
	if _, p.body, err = p.fetch(ctx, p.origin, p.request(p.origin)); err != nil {
		return err
	}
	var first *stage.Process
	for _, program := range append([]string{""}, others...) {
		config := fmt.Appendf(nil, proxyConfig, p.origin.Address, "interval: 1h, linger: 1h")
		server, err := startConfiguredOf(p.stage, program, config)
		if err != nil {
			return err
		}
		if first == nil {
			first = server
		}
		if err := p.add(ctx, nameOf(program), server); err != nil {
			return err
		}
	}
	p.pollmux = p.all[0]
	if err := p.addBare(ctx, first); err != nil {
		return err
	}
	return errors.Join(
		p.addPeer(ctx, nginx, func() (*stage.Process, error) { return p.stage.Nginx(ctx, p.origin.Address, stage.NginxCache) }),
		p.addPeer(ctx, varnish, func() (*stage.Process, error) { return p.stage.Varnish(ctx, p.origin.Address, stage.VarnishCache) }),
		p.addPeer(ctx, haproxy, func() (*stage.Process, error) { return p.stage.HAProxy(ctx, p.origin.Address, stage.HAProxyCache) }))
}

// nameOf is what pollmux of another build is called; "" is this one.
func nameOf(program string) string {
	if program == "" {
		return pollmux
	}
	return filepath.Base(program)
}

// addBare adds a handler that says letter by letter what pollmux says.
func (p *poll) addBare(ctx context.Context, server *stage.Process) error {
	response, tag, err := p.warm(ctx, server)
	if err != nil {
		return err
	}
	head, _, err := p.fetch(ctx, server, p.conditional(server, tag))
	if err != nil {
		return err
	}
	full, err := p.stage.File("response", response)
	if err != nil {
		return err
	}
	short, err := p.stage.File("unchanged", head)
	if err != nil {
		return err
	}
	reference, err := p.stage.Child(child.Bare, child.BareOptions{Response: full, Unchanged: short})
	if err != nil {
		return err
	}
	return p.add(ctx, bare, reference)
}

// addPeer adds a server that may not be installed.
func (p *poll) addPeer(ctx context.Context, name string, start func() (*stage.Process, error)) error {
	server, err := start()
	if errors.Is(err, stage.ErrNotInstalled) {
		p.missing = append(p.missing, name)
		return nil
	}
	if err != nil {
		return err
	}
	return p.add(ctx, name, server)
}

// unchanged is behind the name of a server that is asked for what the client has.
const unchanged = ", 304"

// add adds a server that answers in full, and once more for clients that have the
// snapshot.
func (p *poll) add(ctx context.Context, name string, server *stage.Process) error {
	_, tag, err := p.warm(ctx, server)
	if err != nil {
		return err
	}
	p.all = append(p.all,
		&contestant{name: name, server: server, request: p.request(server)},
		&contestant{name: name + unchanged, server: server, request: p.conditional(server, tag)})
	return nil
}

func (p *poll) request(server *stage.Process) load.Request {
	return load.Get(server.Address, child.Fixed, load.Any)
}

// conditional asks for the snapshot of which the client has the tag.
func (p *poll) conditional(server *stage.Process, tag string) load.Request {
	r := load.Get(server.Address, child.Fixed, 0, "If-None-Match: "+tag)
	r.Unchanged = true
	return r
}

func (p *poll) fetch(ctx context.Context, server *stage.Process, r load.Request) (head, body []byte, err error) {
	if head, body, err = load.Fetch(ctx, server.Address, r); err != nil {
		err = fmt.Errorf("%s: %w", server.Name, err)
	}
	return head, body, err
}

// warm asks twice, so that the second answer is a hit, and returns that one, and its
// tag.
func (p *poll) warm(ctx context.Context, server *stage.Process) (response []byte, tag string, err error) {
	for range 2 {
		head, body, err := p.fetch(ctx, server, p.request(server))
		if err != nil {
			return nil, "", err
		}
		if !bytes.Equal(body, p.body) {
			return nil, "", fmt.Errorf("%s: %w: the body is not the origin's", server.Name, load.ErrAnswer)
		}
		response, tag = append(head, body...), fieldOf(string(head), "ETag")
	}
	if tag == "" {
		return nil, "", fmt.Errorf("%s: %w: an answer without an ETag", server.Name, load.ErrAnswer)
	}
	return response, tag, nil
}

// fieldOf is a field of a head.
func fieldOf(head, name string) string {
	for line := range strings.Lines(head) {
		if n, value, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// errNotHits is a measurement of something else.
var errNotHits = errors.New("not all answers were hits")

// measure runs the contest, in which nobody may ask the origin.
func (p *poll) measure(ctx context.Context, c *contest) ([]Row, error) {
	var before, after int64
	if err := p.origin.Ask("count", &before); err != nil {
		return nil, err
	}
	rows, err := c.run(ctx, bare, nginx, bare+unchanged, nginx+unchanged, pollmux)
	if err != nil {
		return nil, err
	}
	if err := p.origin.Ask("count", &after); err != nil {
		return nil, err
	}
	if after > before {
		return nil, fmt.Errorf("%w: the origin got %d requests meanwhile", errNotHits, after-before)
	}
	return rows, nil
}
