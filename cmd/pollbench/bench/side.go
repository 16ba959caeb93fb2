package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// Names of servers that hold clients.
const (
	bareLoop = "bare loop"
	nchan    = "nchan"
)

// side is a server that holds clients, with its audience in a process of its own.
type side struct {
	name   string
	kind   load.Kind
	server *stage.Process
	origin *stage.Process // of pollmux
	crowd  *stage.Process
	n      int

	// publish makes everybody be told a new version, and returns it.
	publish func(ctx context.Context) (int64, error)
}

// scene is what the sides of a run have in common.
type scene struct {
	stage    *stage.Stage
	body     int
	interval time.Duration
	coding   string   // of streams; "" is as they are
	tight    int      // one of how many clients has small buffers; 0: none
	others   []string // other builds of this program, whose pollmux takes part
	missing  []string // peers that are not installed
}

// sceneConfig is pollmux's configuration. A reader that stopped is not cut off
// before it goes on. Its verbs are the clients, the feeds, the origin and the
// interval.
const sceneConfig = `limits: {subscribers: %d, feeds: %d}
timeouts: {write: 10m}
upstreams: {origin: {servers: ["http://%s"], timeout: 60s}}
routes:
  - {path: /**, upstream: origin, interval: %v, wait: 1h, keepalive: 1h, websocket: {ping: 1h}%s}
`

// spareClients is by how much limits are above what is needed.
const spareClients = 50

// pollmuxes are the pollmux of this program, and those of other builds of it.
func (c *scene) pollmuxes(k load.Kind, n, feeds int) (all []*side, err error) {
	for _, program := range append([]string{""}, c.others...) {
		one, err := c.pollmux(program, k, n, feeds)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// pollmux is one of them, with clients, and an origin of its own.
func (c *scene) pollmux(program string, k load.Kind, n, feeds int) (*side, error) {
	origin, err := c.stage.Child(child.Origin, child.OriginOptions{Body: c.body})
	if err != nil {
		return nil, err
	}
	var more string
	if c.coding != "" {
		more = fmt.Sprintf(", compress: {codings: [%s], streams: true}", c.coding)
	}
	config := fmt.Appendf(nil, sceneConfig, n+spareClients, feeds+spareClients, origin.Address, c.interval, more)
	server, err := startConfiguredOf(c.stage, program, config)
	if err != nil {
		return nil, err
	}
	one := &side{name: nameOf(program), kind: k, n: n, server: server, origin: origin}
	one.publish = func(context.Context) (version int64, err error) {
		err = origin.Ask("step", &version)
		return version, err
	}
	if feeds == 1 {
		feeds = 0
	}
	return one, c.seat(one, audience.Options{Target: child.Step, Feeds: feeds, Coding: c.coding})
}

// loop is the bare loop, with as many clients, whose messages are as long.
func (c *scene) loop(k load.Kind, n, wire int) (*side, error) {
	body := c.body
	if c.coding != "" {
		body = min(body, max(wire, child.LeastBody))
	}
	server, err := c.stage.Child(child.Loop, child.LoopOptions{Body: body})
	if err != nil {
		return nil, err
	}
	one := &side{name: bareLoop, kind: k, n: n, server: server}
	one.publish = func(context.Context) (int64, error) {
		var burst child.Burst
		err := server.Ask("burst", &burst)
		return burst.Version, err
	}
	return one, c.seat(one, audience.Options{Kind: "", Size: body, Wire: max(wire, body)})
}

// nchan is nginx with nchan, with as many clients; nil if it is not installed, or
// does not know the transport.
func (c *scene) nchan(ctx context.Context, k load.Kind, n int) (*side, error) {
	if k == load.NDJSON || k == load.Multipart || c.coding != "" {
		return nil, nil
	}
	server, err := c.stage.Nchan(ctx, n)
	if errors.Is(err, stage.ErrNotInstalled) {
		c.missing = []string{nchan}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	one := &side{name: nchan, kind: k, n: n, server: server}
	version := int64(0)
	one.publish = func(ctx context.Context) (int64, error) {
		version++
		return version, post(ctx, "http://"+server.Address+stage.NchanPublish, child.Published(version, time.Now(), c.body))
	}
	if _, err := one.publish(ctx); err != nil { // what those who come are told first
		return nil, err
	}
	return one, c.seat(one, audience.Options{Target: stage.NchanSubscribe, Dated: true})
}

// seat starts the audience of a side, which is empty.
func (c *scene) seat(one *side, o audience.Options) (err error) {
	o.Address, o.Tight = one.server.Address, c.tight
	if o.Size == 0 {
		o.Size = c.body
	}
	if one.name != bareLoop {
		o.Kind = one.kind
	}
	one.crowd, err = c.stage.Child(child.Audience, o)
	return err
}

// post publishes.
func post(ctx context.Context, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil || answer.StatusCode/100 != 2 {
		return fmt.Errorf("publish: status %d, %w", answer.StatusCode, errors.Join(err, load.ErrAnswer))
	}
	return nil
}

// end stops everything that belongs to a side.
func (c *scene) end(all []*side) error {
	var failures []error
	for _, one := range all {
		for _, p := range []*stage.Process{one.crowd, one.server, one.origin} {
			if p != nil {
				failures = append(failures, c.stage.End(p))
			}
		}
	}
	return errors.Join(failures...)
}
