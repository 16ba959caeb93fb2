package bench

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// IdleFeed is what a feed costs on which nothing happens, but its polls and the
// signs of life for its subscribers.
type IdleFeed struct {
	Server string    `json:"server"`
	Kind   load.Kind `json:"kind"`
	N      int       `json:"n"`
	CPU    float64   `json:"percent_of_a_core"`
}

// idleFeeds are the transports of which an idle feed is measured: their signs of
// life differ.
var idleFeeds = []load.Kind{load.SSE, load.WebSocket, load.Longpoll}

// feeds measures idle feeds, all at the same time: they have nothing to do. The
// settings are pollmux's own.
func (b *idle) feeds(ctx context.Context, r *IdleResult) (err error) {
	o := b.options
	if o.Feed == 0 {
		return nil
	}
	s, err := stage.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := s.Apart(); err != nil {
		return err
	}
	var all []*side
	for _, program := range append([]string{""}, o.Others...) {
		for _, k := range idleFeeds {
			if !slices.Contains(o.Kinds, k) {
				continue
			}
			o.Say("idle: a feed with %d of %s", o.Feed, k)
			one, err := idleFeed(ctx, s, program, k, o.Feed)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
	}
	o.Say("idle: %v without an event", o.For)
	r.Feeds, err = percentages(ctx, all, o.For)
	return err
}

func idleFeed(ctx context.Context, s *stage.Stage, program string, k load.Kind, n int) (*side, error) {
	server, err := startIdle(s, program, n, "wait: 1h")
	if err != nil {
		return nil, err
	}
	c := candidate{name: nameOf(program), kind: k, ask: audience.Options{Kind: k, Target: child.Step}}
	one, err := c.side(s, server)
	if err != nil {
		return nil, err
	}
	one.n = n
	return one, one.grow(ctx, n, n)
}

// percentages are the servers' CPU times for a while, in percent of a core.
func percentages(ctx context.Context, all []*side, d time.Duration) (feeds []IdleFeed, err error) {
	var before []time.Duration
	start := time.Now()
	for _, one := range all {
		cpu, err := one.server.CPU()
		if err != nil {
			return nil, err
		}
		before = append(before, cpu)
	}
	if !wait(ctx, d) {
		return nil, ctx.Err()
	}
	for i, one := range all {
		cpu, err := one.server.CPU()
		if err != nil {
			return nil, err
		}
		used := float64(cpu-before[i]) / float64(time.Since(start))
		feeds = append(feeds, IdleFeed{Server: one.name, Kind: one.kind, N: one.n, CPU: rounded(100 * used)})
		if err := one.ask("state", &audience.State{}); err != nil {
			return nil, err
		}
	}
	return feeds, nil
}
