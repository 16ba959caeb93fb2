package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// ServersOptions are those of Servers.
type ServersOptions struct {
	Servers int
	Kills   int           // in all, of one server after the other
	Down    time.Duration // that a server is gone
	Up      time.Duration // between two kills, in which a server is back
	Pollers int
	Writers int
	Say     Say
}

// Servers kills and revives the servers of an upstream, one after the other, while
// clients poll and write.
func Servers(ctx context.Context, o ServersOptions) (result *ServersResult, err error) {
	if err := allowDescriptors(2*(o.Pollers+o.Writers) + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &servers{options: o}
	if err := b.cast(s); err != nil {
		return nil, err
	}
	return b.run(ctx)
}

// The pace of things. No answer outlives the interval: a poll that fails is seen.
const (
	serversInterval = 100 * time.Millisecond
	serversFeeds    = 50
	serversConfig   = `upstreams: {origin: {servers: [%s], timeout: 5s}}
routes:
  - {path: %s, upstream: origin, mode: pass}
  - {path: /**, upstream: origin, interval: %v, stale_if_error: 0}
`
)

// servers is a benchmark under way.
type servers struct {
	options ServersOptions
	origins []*stage.Process
	proxy   *stage.Process
	writes  load.Writes
}

func (b *servers) cast(s *stage.Stage) (err error) {
	var urls []string
	for range b.options.Servers {
		origin, err := s.Child(child.Faulty, child.FaultyOptions{Change: 5 * serversInterval, Spell: time.Second})
		if err != nil {
			return err
		}
		b.origins = append(b.origins, origin)
		urls = append(urls, fmt.Sprintf("%q", "http://"+origin.Address))
	}
	b.proxy, err = startConfigured(s, fmt.Appendf(nil, serversConfig, strings.Join(urls, ", "), child.Write, serversInterval))
	return err
}

func (b *servers) run(ctx context.Context) (*ServersResult, error) {
	o := b.options
	d := time.Duration(o.Kills)*(o.Down+o.Up) + o.Up
	pollers, err := load.Connect(ctx, b.proxy.Address, o.Pollers, func(client int) load.Request {
		return load.Get(b.proxy.Address, fmt.Sprintf("/feed/%d", client%serversFeeds), load.Any)
	})
	if err != nil {
		return nil, err
	}
	defer pollers.Close()
	r := &ServersResult{Servers: o.Servers, Kills: o.Kills}
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer running.Wait()
	defer cancel()
	running.Go(func() { // until the time is over, or a poll fails
		r.Polls, r.failure = pollers.Pace(ctx, serversInterval, d)
	})
	running.Go(func() {
		w := load.Writers{Address: b.proxy.Address, Target: child.Write, N: o.Writers, Every: 2 * time.Millisecond, Number: child.Numbered, Account: &b.writes}
		w.Run(ctx, d)
	})
	if err := b.kill(ctx, r); err != nil {
		return nil, err
	}
	running.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r, b.tally(r)
}

// kill kills the servers in turn, and revives each.
func (b *servers) kill(ctx context.Context, r *ServersResult) error {
	for i := range b.options.Kills {
		if !wait(ctx, b.options.Up) {
			return ctx.Err()
		}
		one := b.origins[i%len(b.origins)]
		b.options.Say("servers: kill %d of %d", i+1, b.options.Kills)
		if err := one.Ask("down", nil); err != nil {
			return err
		}
		if !wait(ctx, b.options.Down) {
			return ctx.Err()
		}
		var before int64
		if err := errors.Join(one.Ask("requests", &before), one.Ask("up", nil)); err != nil {
			return err
		}
		r.before = append(r.before, before)
	}
	return nil
}

// tally asks the servers what came to them.
func (b *servers) tally(r *ServersResult) error {
	arrived := map[int64]int{}
	for i, one := range b.origins {
		var tally child.Tally
		if err := one.Ask("tally", &tally); err != nil {
			return err
		}
		r.Requests = append(r.Requests, tally.Requests)
		for number, times := range tally.Writes {
			arrived[number] += times
		}
		for k := i; k < len(r.before); k += len(b.origins) {
			if tally.Requests > r.before[k] {
				r.asked++
			}
		}
	}
	r.Writes = b.writes.Compare(arrived)
	r.judge(b.options)
	return nil
}
