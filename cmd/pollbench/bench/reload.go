package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// ReloadOptions are those of Reload.
type ReloadOptions struct {
	Times  int // how often the file changes; every other time it is broken
	N      int // held clients
	Kinds  []load.Kind
	Rate   int    // polls a second
	Binary string // pollmux; "" builds one
	Say    Say
}

// ReloadResult is the outcome of Reload.
type ReloadResult struct {
	Times   int     `json:"times"`
	Clients int     `json:"clients"`
	Seconds float64 `json:"seconds"`

	Polls   int64  `json:"polls"` // each was answered with 200
	Failure string `json:"failure,omitempty"`
	Held    int    `json:"held"` // in the end

	Applied int64 `json:"applied"`
	Refused int64 `json:"refused"`

	// After the first tenth of the times, and in the end.
	Goroutines  [2]int64 `json:"goroutines"`
	Descriptors [2]int64 `json:"descriptors"`
	RSS         [2]int64 `json:"rss_bytes"`

	Verdict Verdict `json:"verdict"`
}

// Reload has the configuration of pollmux change, again and again, while it holds clients
// and others poll.
func Reload(ctx context.Context, o ReloadOptions) (r *ReloadResult, err error) {
	if err := allowDescriptors(o.N + reloadPollers + spareDescriptors); err != nil {
		return nil, err
	}
	r = &ReloadResult{Times: o.Times, Clients: o.N}
	err = withProgram(ctx, o.Binary, "drain_timeout: 1s", func(p *program) error { return r.measure(ctx, p, o) })
	if err != nil {
		return nil, err
	}
	r.judge(o)
	return r, nil
}

const (
	reloadPollers = 200                    // clients that share out the polls
	reloadLap     = 250 * time.Millisecond // the shortest time between two changes
)

func (r *ReloadResult) measure(ctx context.Context, p *program, o ReloadOptions) error {
	o.Say("reload: connecting %d", o.N)
	guests := &load.Guests{Address: p.address, Target: child.Any + "held"}
	if err := guests.Hold(o.N, o.Kinds); err != nil {
		return err
	}
	if err := await(ctx, "all to be held", func() (bool, error) { return p.holds() == o.N, p.alive() }); err != nil {
		return err
	}
	pollers, err := load.Connect(ctx, p.address, reloadPollers, func(client int) load.Request {
		return load.Get(p.address, fmt.Sprintf("%spolled/%d", child.Any, client%10), load.Any)
	})
	if err != nil {
		return err
	}
	defer pollers.Close()
	original, err := os.ReadFile(p.config)
	if err != nil {
		return err
	}
	begin := time.Now()
	for i := range o.Times {
		if i == o.Times/10 {
			r.look(p, 0)
		}
		if i%10 == 0 {
			o.Say("reload: %d of %d", i, o.Times)
		}
		if err := r.lap(ctx, p, pollers, o, i, string(original)); err != nil {
			return err
		}
	}
	r.Seconds = time.Since(begin).Seconds()
	r.Held = p.holds()
	r.look(p, 1)
	return nil
}

// lap changes the file once, under polls, and waits until it is taken or refused.
func (r *ReloadResult) lap(ctx context.Context, p *program, pollers *load.Pollers, o ReloadOptions, i int, original string) error {
	type polled struct {
		n   int64
		err error
	}
	done := make(chan polled, 1)
	go func() { // waited for below
		n, err := pollers.Pace(ctx, time.Second*reloadPollers/time.Duration(o.Rate), reloadLap)
		done <- polled{n, err}
	}()
	err := p.change(variant(original, i))
	if err == nil {
		err = await(ctx, "the file to be taken or refused", func() (bool, error) {
			c, err := p.reloaded()
			r.Applied, r.Refused = c.Reloads, c.Refused
			return c.Reloads+c.Refused == int64(i+1), errors.Join(err, p.alive())
		})
	}
	lap := <-done
	if r.Polls += lap.n; lap.err != nil && r.Failure == "" {
		r.Failure = lap.err.Error()
	}
	return err
}

// variant is another configuration each time, and every other one is broken, each in
// another way.
func variant(original string, i int) string {
	if i%2 == 0 {
		return strings.Replace(original, "interval: 1s", fmt.Sprintf("interval: %dms, stale_if_error: %ds", 900+i, 30+i), 1)
	}
	broken := []string{"interval: never", "intervall: 1s", "interval: 1s, share: everybody", "interval: 1s, upstream: nobody", "interval: [1s"}
	return strings.Replace(original, "interval: 1s", broken[i/2%len(broken)], 1) + fmt.Sprintf("# %d\n", i)
}

// change puts another file in the place of the configuration.
func (p *program) change(text string) error {
	if err := os.WriteFile(p.config+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(p.config+".new", p.config)
}

// reloads are what pollmux tells of its configurations.
type reloads struct {
	Reloads int64 `json:"reloads"`
	Refused int64 `json:"refused"`
}

func (p *program) reloaded() (reloads, error) {
	var stats struct {
		Config reloads `json:"config"`
	}
	resp, err := http.Get("http://" + p.admin + "/api/stats")
	if err != nil {
		return stats.Config, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&stats)
	return stats.Config, err
}

// look notes what the process has.
func (r *ReloadResult) look(p *program, at int) {
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		var n float64
		_, _ = fmt.Sscan(value, &n)
		switch name {
		case "go_goroutines":
			r.Goroutines[at] = int64(n)
		case "process_open_fds":
			r.Descriptors[at] = int64(n)
		case "process_resident_memory_bytes":
			r.RSS[at] = int64(n)
		}
	}
}
