package accesslog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// merger reads several logs at once, as far as they are of the same time, and one
// after the other as far as they are not.
type merger struct {
	sources []*source // by when they begin
	open    []*source
	meter   *Meter
	workers int
	out     func(r *request)
	report  *Report
}

// run reads all of them.
func (g *merger) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	seats := make(chan struct{}, g.workers)
	slices.SortStableFunc(g.sources, func(a, b *source) int { return cmp.Compare(a.first, b.first) })
	for len(g.sources)+len(g.open) > 0 {
		if g.isDue() {
			s := g.sources[0]
			g.sources, g.open = g.sources[1:], append(g.open, s)
			s.batches = make(chan chan *batch, g.workers+1)
			wait.Go(func() { s.run(ctx, g.meter, seats, &wait) })
			if err := g.fill(ctx, s); err != nil {
				return err
			}
			continue
		}
		if err := g.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// isDue reports whether the next log begins before those go on that are open.
func (g *merger) isDue() bool {
	if len(g.sources) == 0 {
		return false
	}
	for _, s := range g.open {
		if s.current[0].time < g.sources[0].first {
			return false
		}
	}
	return true
}

// step takes requests from the log that is behind, until another is.
func (g *merger) step(ctx context.Context) error {
	var behind *source
	until := int64(1<<63 - 1)
	for _, s := range g.open {
		switch {
		case behind == nil:
			behind = s
		case s.current[0].time < behind.current[0].time:
			until = min(until, behind.current[0].time)
			behind = s
		default:
			until = min(until, s.current[0].time)
		}
	}
	if len(g.sources) > 0 {
		until = min(until, g.sources[0].first)
	}
	for first := true; len(behind.current) > 0 && (first || behind.current[0].time <= until); first = false {
		g.out(&behind.current[0])
		behind.current = behind.current[1:]
	}
	if len(behind.current) == 0 {
		return g.fill(ctx, behind)
	}
	return nil
}

// fill waits for the next requests of a log, and closes it if there are none.
func (g *merger) fill(ctx context.Context, s *source) error {
	for {
		var b *batch
		select {
		case done, more := <-s.batches:
			if !more {
				g.open = slices.DeleteFunc(g.open, func(o *source) bool { return o == s })
				return ctx.Err()
			}
			b = <-done
		case <-ctx.Done():
			return ctx.Err()
		}
		g.count(s, b)
		if s.current = b.requests; len(s.current) > 0 {
			return nil
		}
	}
}

// count adds up what a batch says of its lines.
func (g *merger) count(s *source, b *batch) {
	r := g.report
	for i := range b.requests {
		b.requests[i].line += s.lines
	}
	for _, sample := range b.samples {
		if len(r.Broken) < maxSamples {
			sample.Line += s.lines
			r.Broken = append(r.Broken, sample)
		}
	}
	s.lines += b.lines
	r.Lines, r.Blank, r.Malformed = r.Lines+b.lines, r.Blank+b.blank, r.Malformed+b.malformed
	if b.err != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("%s breaks off (%v): what could be read counts", s.input.Name, b.err))
	}
}
