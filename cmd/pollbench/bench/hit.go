package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// HitOptions are those of Hit.
type HitOptions struct {
	Clients int
	For     time.Duration // one server in one round
	Rounds  int
	Body    int
	Profile string // a file for pollmux's CPU profile; "" for none
	Say     Say
}

// Hit measures the CPU time of an answer from a fresh snapshot: of pollmux, of a
// bare fasthttp handler with the same response, and of nginx and Varnish with the
// same body from their caches.
func Hit(ctx context.Context, o HitOptions) (result *HitResult, err error) {
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: o.Body})
	if err != nil {
		return nil, err
	}
	h := &hit{stage: s, origin: origin, missing: []string{}}
	if err := h.cast(ctx); err != nil {
		return nil, err
	}
	c := &contest{title: "hit", clients: o.Clients, lap: o.For, rounds: o.Rounds, weight: 1, all: h.all, say: o.Say}
	if h.rows, err = h.measure(ctx, c); err != nil {
		return nil, err
	}
	err = c.profile(ctx, h.pollmux, o.Profile)
	return &HitResult{Rows: h.rows, Missing: h.missing}, err
}

// hit is the servers of the benchmark.
type hit struct {
	stage   *stage.Stage
	origin  *stage.Process
	body    []byte
	all     []*contestant
	pollmux *contestant
	missing []string
	rows    []Row
}

// cast starts the servers and sees to it that each has the snapshot.
func (h *hit) cast(ctx context.Context) error {
	var err error
	if _, h.body, err = h.fetch(ctx, h.origin); err != nil {
		return err
	}
	server, err := startPollmux(h.stage, h.origin.Address, "interval: 1h, linger: 1h")
	if err != nil {
		return err
	}
	response, err := h.warm(ctx, server)
	if err != nil {
		return err
	}
	file, err := h.stage.File("response", response)
	if err != nil {
		return err
	}
	reference, err := h.stage.Child(child.Bare, child.BareOptions{Response: file})
	if err != nil {
		return err
	}
	h.add(bare, reference)
	h.pollmux = h.add(pollmux, server)
	return errors.Join(
		h.addPeer(ctx, nginx, func() (*stage.Process, error) { return h.stage.Nginx(ctx, h.origin.Address, stage.NginxCache) }),
		h.addPeer(ctx, varnish, func() (*stage.Process, error) { return h.stage.Varnish(ctx, h.origin.Address, stage.VarnishCache) }))
}

func (h *hit) add(name string, server *stage.Process) *contestant {
	one := &contestant{name: name, server: server, request: h.request(server)}
	h.all = append(h.all, one)
	return one
}

// addPeer adds a server that may not be installed.
func (h *hit) addPeer(ctx context.Context, name string, start func() (*stage.Process, error)) error {
	server, err := start()
	if errors.Is(err, stage.ErrNotInstalled) {
		h.missing = append(h.missing, name)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := h.warm(ctx, server); err != nil {
		return err
	}
	h.add(name, server)
	return nil
}

func (h *hit) request(server *stage.Process) load.Request {
	return load.Get(server.Address, child.Fixed, int64(len(h.body)))
}

func (h *hit) fetch(ctx context.Context, server *stage.Process) (head, body []byte, err error) {
	if head, body, err = load.Fetch(ctx, server.Address, h.request(server)); err != nil {
		err = fmt.Errorf("%s: %w", server.Name, err)
	}
	return head, body, err
}

// warm asks twice, so that the second answer is a hit, and returns that one.
func (h *hit) warm(ctx context.Context, server *stage.Process) (response []byte, err error) {
	for range 2 {
		head, body, err := h.fetch(ctx, server)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(body, h.body) {
			return nil, fmt.Errorf("%s: %w: the body is not the origin's", server.Name, load.ErrAnswer)
		}
		response = append(head, body...)
	}
	return response, nil
}

// errNotHits is a measurement of something else.
var errNotHits = errors.New("not all answers were hits")

// measure runs the contest, in which nobody may ask the origin.
func (h *hit) measure(ctx context.Context, c *contest) ([]Row, error) {
	var before, after int64
	if err := h.origin.Ask("count", &before); err != nil {
		return nil, err
	}
	rows, err := c.run(ctx, bare)
	if err != nil {
		return nil, err
	}
	if err := h.origin.Ask("count", &after); err != nil {
		return nil, err
	}
	if after > before {
		return nil, fmt.Errorf("%w: the origin got %d requests meanwhile", errNotHits, after-before)
	}
	return rows, nil
}
