package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// ChurnOptions are those of Churn.
type ChurnOptions struct {
	Rate  int           // clients that come per second, and go
	For   time.Duration // after a warm-up of a fifth of that
	Kinds []load.Kind
	Say   Say
}

// Churn has clients of all transports come and go, politely and not, some in the
// middle of a handshake, and measures what they leave behind.
func Churn(ctx context.Context, o ChurnOptions) (result *ChurnResult, err error) {
	if err := allowDescriptors(2*o.Rate + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &churn{options: o, result: &ChurnResult{}, period: churnPeriod}
	if err := b.run(ctx, s); err != nil {
		return nil, err
	}
	b.result.judge(o)
	return b.result, nil
}

// churnPeriod is how long pollmux may take to be as it was: fasthttp keeps idle
// goroutines for ten to twenty seconds.
const churnPeriod = 40 * time.Second

// churn is a benchmark under way.
type churn struct {
	options ChurnOptions
	period  time.Duration // that it may take to be as before, at the end
	proxy   *stage.Process
	crowds  []*stage.Process // one of each kind
	result  *ChurnResult
}

func (b *churn) run(ctx context.Context, s *stage.Stage) (err error) {
	if b.result.Apart, err = s.Apart(); err != nil {
		return err
	}
	if err := b.cast(s); err != nil {
		return err
	}
	if _, b.result.Start, err = lookAt(b.proxy); err != nil {
		return err
	}
	for i, d := range []time.Duration{b.options.For / warmUp, b.options.For} {
		if err := b.comeAndGo(ctx, d); err != nil {
			return err
		}
		b.options.Say("churn: settling")
		if i == 1 {
			if err := b.recover(ctx); err != nil {
				return err
			}
		}
		if b.result.Left[i], err = settled(ctx, b.proxy, 0, b.period); err != nil {
			return err
		}
	}
	return nil
}

// recover waits until pollmux is as before the first client, or has had time enough:
// then the verdict tells.
func (b *churn) recover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.period)
	defer cancel()
	err := await(ctx, "pollmux to be as before", func() (bool, error) {
		busy, now, err := lookAt(b.proxy)
		return !busy && b.result.Start.covers(now), err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// churnConfig is pollmux's configuration. A feed is forgotten when nobody watches.
const churnConfig = `upstreams: {origin: {servers: ["http://%s"], timeout: 60s}}
routes:
  - {path: /**, upstream: origin, interval: 1s, linger: 0, wait: 1h}
`

func (b *churn) cast(s *stage.Stage) error {
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: child.LeastBody})
	if err != nil {
		return err
	}
	if b.proxy, err = startConfigured(s, fmt.Appendf(nil, churnConfig, origin.Address)); err != nil {
		return err
	}
	for _, k := range b.options.Kinds {
		crowd, err := s.Child(child.Audience, audience.Options{Address: b.proxy.Address, Kind: k, Target: child.Step, Size: child.LeastBody})
		if err != nil {
			return err
		}
		b.crowds = append(b.crowds, crowd)
	}
	return nil
}

// comeAndGo lets clients of all kinds come and go for a while.
func (b *churn) comeAndGo(ctx context.Context, d time.Duration) error {
	b.options.Say("churn: %d come and go per second, %v", b.options.Rate, d)
	start := time.Now()
	for i, crowd := range b.crowds {
		rate := (b.options.Rate + i) / len(b.crowds)
		if err := crowd.Ask(fmt.Sprintf("churn %d %d", rate, d.Milliseconds()), nil); err != nil {
			return err
		}
	}
	told := start
	for {
		churning, err := b.look()
		if err != nil {
			return err
		}
		if b.result.Took = rounded(time.Since(start).Seconds()); !churning {
			return nil
		}
		if !wait(ctx, 20*lookAgain) {
			return ctx.Err()
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			b.options.Say("churn: %d have come, %v", b.result.Came, time.Since(start).Round(time.Second))
		}
	}
}

// look counts who has come, and who was dropped, and reports whether that goes on.
func (b *churn) look() (churning bool, err error) {
	r := b.result
	r.Came, r.Dropped, r.First = 0, 0, ""
	for _, crowd := range b.crowds {
		var s audience.State
		if err := crowd.Ask("state", &s); err != nil {
			return false, err
		}
		r.Came, r.Dropped, churning = r.Came+s.Came, r.Dropped+s.Dropped+int(s.Strange), churning || s.Churning
		if r.First == "" {
			r.First = s.First
		}
	}
	return churning, nil
}
