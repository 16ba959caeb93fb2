package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// SavingsOptions are those of Savings.
type SavingsOptions struct {
	Clients  int           // that poll at a pace
	Every    time.Duration // one of them polls
	For      time.Duration
	Interval time.Duration // of the route
	First    int           // clients that poll for the first time, at once
	Latency  time.Duration // of the origin then
	Say      Say
}

// SavingsResult is the outcome of Savings.
type SavingsResult struct {
	Loads   []Saving `json:"loads"`
	Verdict Verdict  `json:"verdict"`
}

// Saving is one load, with pollmux and without.
type Saving struct {
	Load    string `json:"load"`
	With    int64  `json:"upstream_requests_with"`
	Without int64  `json:"upstream_requests_without"`
	Most    int64  `json:"at_most"` // that there may be with pollmux
}

// Savings counts upstream requests, and the same without pollmux.
func Savings(ctx context.Context, o SavingsOptions) (result *SavingsResult, err error) {
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &savings{options: o}
	if b.origin, err = s.Child(child.Legacy, child.LegacyOptions{Latency: o.Latency}); err != nil {
		return nil, err
	}
	if b.proxy, err = startPollmux(s, b.origin.Address, "interval: "+o.Interval.String()); err != nil {
		return nil, err
	}
	return b.measure(ctx)
}

type savings struct {
	options       SavingsOptions
	origin, proxy *stage.Process
}

// slack is how many requests more than one per interval there may be, for each
// stretch of time: the first, one that is under way when the time is over, and
// one for a machine that is busy.
const slack = 3

// pattern is a load: clients, what each asks, and when.
type pattern struct {
	title   string
	most    int64
	clients int
	path    string // below a directory of its own
	target  func(path string, client int) string
	ask     func(ctx context.Context, p *load.Pollers) error
}

func (b *savings) patterns() []pattern {
	o := b.options
	same := func(path string, _ int) string { return path }
	busted := func(path string, client int) string { return path + "?_=" + strconv.Itoa(client) }
	once := func(ctx context.Context, p *load.Pollers) error { return p.Once(ctx) }
	pace := func(ctx context.Context, p *load.Pollers) error {
		_, err := p.Pace(ctx, o.Every, o.For)
		return err
	}
	return []pattern{
		{fmt.Sprintf("%d clients poll every %v for %v, interval %v", o.Clients, o.Every, o.For, o.Interval),
			int64(o.For/o.Interval) + slack, o.Clients, child.Quick + "paced", same, pace},
		{fmt.Sprintf("%d first polls at once, the origin takes %v", o.First, o.Latency), 1, o.First, "/slow/first", same, once},
		{fmt.Sprintf("%d first polls that differ in _= only", o.First), 1, o.First, "/slow/busted", busted, once},
	}
}

func (b *savings) measure(ctx context.Context) (*SavingsResult, error) {
	r := &SavingsResult{}
	for _, p := range b.patterns() {
		b.options.Say("savings: %s", p.title)
		saving, err := b.compare(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.title, err)
		}
		r.Loads = append(r.Loads, saving)
		r.Verdict.add(saving.With >= 1 && saving.With <= p.most, fmt.Sprintf("at most %d upstream requests for %s", p.most, p.title), "%d", saving.With)
	}
	return r, nil
}

// compare plays a load against pollmux and against the origin, on paths of their
// own.
func (b *savings) compare(ctx context.Context, p pattern) (Saving, error) {
	with, err := b.play(ctx, p, b.proxy, p.path+"/with")
	if err != nil {
		return Saving{}, err
	}
	without, err := b.play(ctx, p, b.origin, p.path+"/without")
	return Saving{Load: p.title, With: with, Without: without, Most: p.most}, err
}

// play plays a load and returns how many requests reached the origin.
func (b *savings) play(ctx context.Context, p pattern, server *stage.Process, path string) (requests int64, err error) {
	clients, err := load.Connect(ctx, server.Address, p.clients, func(client int) load.Request {
		return load.Get(server.Address, p.target(path, client), load.Any)
	})
	if err != nil {
		return 0, err
	}
	defer clients.Close()
	if err := p.ask(ctx, clients); err != nil {
		return 0, err
	}
	return requests, b.origin.Ask("count "+path, &requests)
}

// Write tells the outcome.
func (r *SavingsResult) Write(w io.Writer) {
	t := newTable("requests that reach the origin", "with pollmux", "without", "at most")
	for _, s := range r.Loads {
		t.add(s.Load, strconv.FormatInt(s.With, 10), strconv.FormatInt(s.Without, 10), strconv.FormatInt(s.Most, 10))
	}
	t.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: how much is saved depends on the load alone, and the
// verdict has its bounds.
func (r *SavingsResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *SavingsResult) Judge() Verdict { return r.Verdict }
