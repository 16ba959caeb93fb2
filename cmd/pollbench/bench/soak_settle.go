package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// leftover is the proxy when it has nothing to do.
type leftover struct {
	Held        int64 `json:"subscribers"`
	Goroutines  int64 `json:"goroutines"`
	Descriptors int64 `json:"descriptors"`
	InUse       int64 `json:"heap_and_stacks_in_use"`
	Live        int64 `json:"heap_live"`
	RSS         int64 `json:"rss_bytes"`
}

// quiet is how long nothing may change before the proxy counts as having
// nothing to do: longer than it keeps idle goroutines and looks at idle
// connections.
const (
	quiet       = 12 * time.Second
	quietPeriod = 100 * time.Second // for an answer that is not shared is remembered for a minute
)

// settle waits until nobody is held, no feed is left and nothing changes any
// more, and takes the proxy's measure then.
func (b *soak) settle(ctx context.Context, st *stretch) error {
	b.options.Say("soak: settling")
	if err := b.origin.Ask("heal", nil); err != nil { // which also closes the proxy's idle connections
		return err
	}
	var err error
	st.left, err = settled(ctx, b.proxy, b.quiet, b.period)
	return err
}

// settled waits until the proxy holds nobody, has no feed left, and nothing has
// changed any more for a while, and takes its measure then.
func settled(ctx context.Context, proxy *stage.Process, quiet, period time.Duration) (left leftover, err error) {
	ctx, cancel := context.WithTimeout(ctx, period)
	defer cancel()
	since := time.Now()
	_, last, err := lookAt(proxy)
	if err != nil {
		return left, err
	}
	for time.Since(since) < quiet {
		busy, now, err := lookAt(proxy)
		if err != nil {
			return left, err
		}
		if busy || now.Goroutines != last.Goroutines || now.Descriptors != last.Descriptors {
			since, last = time.Now(), now
		}
		if !wait(ctx, 50*lookAgain) {
			break // the verdict tells
		}
	}
	var s child.Sample
	for range collections {
		if err := proxy.Ask("settle", &s); err != nil {
			return left, err
		}
	}
	rss, err := proxy.RSS()
	return leftover{Held: s.Held, Goroutines: last.Goroutines, Descriptors: last.Descriptors, InUse: s.InUse, Live: s.Live, RSS: rss}, err
}

// collections is how often garbage is collected before memory is measured: what
// is in a pool survives the first time.
const collections = 3

// look is what the proxy is doing.
func (b *soak) look() (busy bool, now leftover, err error) { return lookAt(b.proxy) }

func lookAt(proxy *stage.Process) (busy bool, now leftover, err error) {
	var s child.Sample
	var feeds int64
	if err := errors.Join(proxy.Ask("sample", &s), proxy.Ask("feeds", &feeds)); err != nil {
		return false, now, err
	}
	descriptors, err := proxy.Descriptors()
	return s.Held > 0 || feeds > 0, leftover{Held: s.Held, Goroutines: int64(s.Goroutines), Descriptors: int64(descriptors)}, err
}

// state is how things are, in a line.
func (b *soak) state() string {
	_, now, err := b.look()
	if err != nil {
		return err.Error()
	}
	rss, _ := b.proxy.RSS()
	return fmt.Sprintf("%d visits, %s, %d goroutines, %d descriptors, %s resident",
		b.traffic.Told.Visits.Load(), b.witness.summary(), now.Goroutines, now.Descriptors, mebibytes(rss))
}
