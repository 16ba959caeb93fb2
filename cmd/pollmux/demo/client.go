package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// client is one simulated person who watches the scoreboard. It belongs to the
// goroutine that runs it.
type client struct {
	lane   *lane
	number int // within the lane, from 0
	knob   *knob
	http   *http.Client
	server string // that it talks to: the proxy, or the origin itself
	watch  watch

	known int // the last change that it has heard of; how the game begins, 0, everybody knows
}

// watch is a way to watch: it hands what it gets to client.see until the context
// ends, which is no error, or the server fails it.
type watch func(ctx context.Context, c *client, s Setting) error

const (
	// arrival is the time within which clients connect after a change of the
	// setting: not all at once.
	arrival = 300 * time.Millisecond

	// composure is how long a client that was failed waits.
	composure = time.Second

	// maxAnswer bounds an answer of the scoreboard, in bytes.
	maxAnswer = 64 << 10
)

// run watches until ctx ends, at the pace that is set.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		holding := c.knob.read()
		rest(holding.ctx, rand.N(c.spread(holding.Setting)))
		if err := c.watch(holding.ctx, c, holding.Setting); err != nil && holding.ctx.Err() == nil {
			c.lane.failed.Add(1)
			rest(holding.ctx, composure)
		}
	}
}

// spread is the time over which a lane's clients begin. Pollers keep their
// distance from each other, as people who came at different times do.
func (c *client) spread(s Setting) time.Duration {
	if c.lane.name == Direct || c.lane.name == Poll {
		return s.Clients.Duration()
	}
	return arrival
}

// rest waits, but not beyond the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// get asks for the lane's scoreboard. The caller closes the body.
func (c *client) get(ctx context.Context, s Setting, fields ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server+c.lane.path(s), nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	c.lane.asked.Add(1)
	return c.http.Do(req)
}

// held counts the client as held until the function it returns is called.
func (c *client) held() (left func()) {
	c.lane.held.Add(1)
	return func() { c.lane.held.Add(-1) }
}

// read sees a whole body.
func (c *client) read(body io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return err
	}
	return c.see(data)
}

// see takes in what the scoreboard shows.
func (c *client) see(data []byte) error {
	now := time.Now()
	var game struct {
		Changes   int       `json:"changes"`
		UpdatedAt time.Time `json:"updated_at"`
	}
	if err := json.Unmarshal(data, &game); err != nil {
		return fmt.Errorf("read the scoreboard: %w", err)
	}
	if game.Changes > c.known {
		c.lane.late.hear(c.number, c.known, change{game.Changes, game.UpdatedAt}, now)
	}
	c.known = max(c.known, game.Changes)
	return nil
}

// unexpected is the error of an answer that a client has no use for.
func unexpected(resp *http.Response) error { return fmt.Errorf("unexpected answer: %s", resp.Status) }
