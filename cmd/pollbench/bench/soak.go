package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// SoakOptions are those of Soak.
type SoakOptions struct {
	For     time.Duration // under load, in all
	Clients int           // that come and go, at a time
	Say     Say
}

// Soak has clients of all sorts come and go while the origin breaks in every
// way. It does so twice, for a fifth of the time and for the rest: what the first
// time leaves behind is what pollmux needs, what the second adds is lost.
func Soak(ctx context.Context, o SoakOptions) (result *SoakResult, err error) {
	if err := allowDescriptors(20*o.Clients + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &soak{options: o, witness: newWitness(), quiet: quiet, period: quietPeriod, crests: crests}
	return b.run(ctx, s)
}

func (b *soak) run(ctx context.Context, s *stage.Stage) (*SoakResult, error) {
	if err := b.cast(s); err != nil {
		return nil, err
	}
	o := b.options
	for i, d := range []time.Duration{o.For / warmUp, o.For - o.For/warmUp} {
		b.options.Say("soak: %s, %v", [2]string{"warming up", "the soak"}[i], d)
		if err := b.stretch(ctx, &b.stretches[i], d); err != nil {
			return nil, fmt.Errorf("%w (%s)", err, b.witness.summary())
		}
	}
	return b.result()
}

// warmUp is the part of the time that goes before what is compared.
const warmUp = 5

// The pace of things in a soak: all of it is faster than in life, so that much
// happens.
const (
	soakInterval = 200 * time.Millisecond
	soakTimeout  = 500 * time.Millisecond
	soakChange   = 150 * time.Millisecond
	soakSpell    = 400 * time.Millisecond
	soakStay     = 5 * time.Second
	soakHang     = 10 * time.Second
	soakDribble  = 3 * time.Second
	soakFeeds    = 400 // limits.feeds
	soakUsers    = 8
	soakTargets  = 60
	soakSteady   = 4 // members of the audience of each kind
	soakLasting  = "/lasting/"
)

// soakConfig has limits that are reached, and timeouts that are met.
const soakConfig = `limits: {feeds: %d, snapshot: 64KiB, snapshots: 8MiB, request_header: 8KiB}
timeouts: {header: 1s, idle: 2s, write: 1s}
upstreams: {origin: {servers: ["http://%s"], timeout: %v}}
routes:
  - {path: %s, upstream: origin, mode: pass}
  - {path: %s, upstream: origin, mode: pass}
  - path: /**
    upstream: origin
    interval: %v
    linger: 1s
    wait: 2s
    keepalive: 1s
    websocket: {ping: 1s, send: {method: POST, path: %s}}
`

// soak is a benchmark under way.
type soak struct {
	options       SoakOptions
	quiet, period time.Duration // that settle waits for, and at most
	crests        int           // before each stretch
	origin, proxy *stage.Process
	witness       *witness
	traffic       *load.Traffic
	writes        load.Writes // of all stretches, so that numbers are given once
	stretches     [2]stretch
}

func (b *soak) cast(s *stage.Stage) (err error) {
	if b.origin, err = s.Child(child.Faulty, child.FaultyOptions{Change: soakChange, Spell: soakSpell}); err != nil {
		return err
	}
	text := fmt.Appendf(nil, soakConfig, soakFeeds, b.origin.Address, soakTimeout, child.Write, child.Upload, soakInterval, child.Write)
	b.proxy, err = startConfigured(s, text)
	return err
}

// newTraffic returns the clients of one stretch.
func (b *soak) newTraffic() *load.Traffic {
	o := load.TrafficOptions{
		Address: b.proxy.Address, Guests: b.options.Clients, Steady: soakSteady, Identities: []string{""},
		Write: child.Write, Upload: child.Upload, Number: child.Numbered, Writes: &b.writes,
		Stay: soakStay, Patience: soakHang, Dribble: soakDribble, See: b.witness.see,
	}
	for i := range soakUsers {
		o.Identities = append(o.Identities, fmt.Sprintf("Bearer the-secret-of-user-%d", i))
	}
	for i := range soakTargets {
		o.Targets = append(o.Targets, fmt.Sprintf("%s%d?page=1", [3]string{child.Odd, "/small/", "/other/"}[i%3], i))
	}
	for i := range soakUsers {
		o.Large = append(o.Large, fmt.Sprintf("%s%d", child.Large, i))
		o.Lasting = append(o.Lasting, fmt.Sprintf("%s%d", soakLasting, i))
	}
	return load.NewTraffic(o)
}
