package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// URLsOptions are those of URLs.
type URLsOptions struct {
	Count     int // URLs, each polled once
	Clients   int // that poll them
	Addresses int // that they come from
	Interval  time.Duration
	Body      int
	Allow     time.Duration // how late a delivery may be beyond the interval
	Say       Say
}

// URLs polls a great many different URLs through pollmux, as an attacker would
// who varies the query, while some resources have subscribers, and judges what
// that does to its memory, to the subscribers and to the origin.
func URLs(ctx context.Context, o URLsOptions) (result *URLsResult, err error) {
	b := &urls{options: o, watch: newWatch(len(load.Kinds())*urlsHeld*urlsEach, load.Kinds())}
	if err := allowDescriptors(2*(o.Clients+len(b.watch.last)) + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := b.cast(s); err != nil {
		return nil, err
	}
	b.crowd = load.NewCrowd(b.proxy.Address, b.watch.see)
	defer b.crowd.Close()
	if err := b.gather(ctx); err != nil {
		return nil, err
	}
	if err := b.wander(ctx); err != nil {
		return nil, err
	}
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	return b.result(), nil
}

// Limits that are reached soon, and what has subscribers meanwhile.
const (
	urlsFeeds     = 2000
	urlsSnapshots = 4 << 20
	urlsHeld      = 10 // feeds
	urlsEach      = 2  // subscribers of each kind on each of them
)

// urlsConfig is pollmux's configuration. Its verbs are the limits, the origin and
// the interval.
const urlsConfig = `limits: {feeds: %d, snapshots: %d}
upstreams: {origin: {servers: ["http://%s"], timeout: 60s}}
routes:
  - {path: /**, upstream: origin, interval: %v, wait: 1h}
`

// urls is a benchmark under way.
type urls struct {
	options       URLsOptions
	origin, proxy *stage.Process
	crowd         *load.Crowd
	watch         *watch
	wanderers     *load.Wanderers
	looks         []urlsLook
	behind        int
	took          time.Duration
}

func (b *urls) cast(s *stage.Stage) (err error) {
	o := b.options
	if b.origin, err = s.Child(child.Origin, child.OriginOptions{Body: o.Body, Interval: o.Interval}); err != nil {
		return err
	}
	b.proxy, err = startConfigured(s, fmt.Appendf(nil, urlsConfig, urlsFeeds, urlsSnapshots, b.origin.Address, o.Interval))
	return err
}

// gather has the subscribers come.
func (b *urls) gather(ctx context.Context) error {
	b.options.Say("urls: %d subscribers of %d resources", len(b.watch.last), urlsHeld)
	for _, k := range load.Kinds() {
		for i := range urlsHeld {
			if err := b.crowd.Subscribe(ctx, k, fmt.Sprintf("%s?feed=%d", child.Moving, i), urlsEach); err != nil {
				return err
			}
		}
	}
	return await(ctx, "everybody to have a snapshot", func() (bool, error) {
		return b.watch.arrived() == len(b.watch.last), errors.Join(b.crowd.Dropped()...)
	})
}

// wander polls all the URLs, and looks at everything meanwhile.
func (b *urls) wander(ctx context.Context) error {
	o := b.options
	b.wanderers = &load.Wanderers{Address: b.proxy.Address, Clients: o.Clients, Count: int64(o.Count), Target: urlOf}
	for i := range o.Addresses {
		b.wanderers.From = append(b.wanderers.From, net.IPv4(127, 0, 0, byte(i+1)))
	}
	if err := errors.Join(b.origin.Ask("resume", nil), b.look()); err != nil {
		return err
	}
	wandering, cancel := context.WithCancel(ctx)
	done, began := make(chan struct{}), time.Now()
	var failure error
	go func() { // waited for below
		defer close(done)
		failure = b.wanderers.Run(wandering)
	}()
	err := b.watchOver(done)
	cancel()
	<-done
	b.took = time.Since(began)
	if err := errors.Join(err, failure); err != nil {
		return err
	}
	return b.aftermath(ctx)
}

// urlOf is the URL of a number: no two are the same, and they look random.
func urlOf(number int64) string {
	const odd = 0x9E3779B97F4A7C15
	return fmt.Sprintf("%s%d?page=%016x", child.Any, number%1000, uint64(number)*odd)
}

// settle stops the changes, and waits for the last of them to arrive.
func (b *urls) settle(ctx context.Context) error {
	var last int64
	if err := b.origin.Ask("freeze", &last); err != nil {
		return err
	}
	return awaitLast(ctx, b.options.Interval+b.options.Allow, b.crowd, func() int {
		b.behind = b.watch.behind(last)
		return b.behind
	})
}
