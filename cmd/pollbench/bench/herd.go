package bench

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// HerdOptions are those of Herd.
type HerdOptions struct {
	N      int           // held long polls
	For    time.Duration // of pollmux under the herd; the others take turns in addition
	Every  time.Duration // between two answers
	Rounds int
	Body   int
	Bars   bool
	Others []string // other builds of this program, whose pollmux takes part
	Say    Say
}

// overSSE is the side of pollmux that tells the same by SSE.
const overSSE = "pollmux, sse"

// Herd has thousands of long polls answered and held again, at a pace, by pollmux
// and by nchan, and compares the delay with that of pollmux's SSE.
func Herd(ctx context.Context, o HerdOptions) (result *HerdResult, err error) {
	if err := allowDescriptors(o.N + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	result = &HerdResult{N: o.N, Body: o.Body, Missing: []string{}}
	if result.Apart, err = s.Apart(); err != nil {
		return nil, err
	}
	h := &herd{options: o, scene: &scene{stage: s, body: o.Body, interval: max(o.Every/5, shortInterval), others: o.Others}}
	if err := h.cast(ctx); err != nil {
		return nil, err
	}
	m := &match{title: "herd", all: h.all, rounds: o.Rounds, lap: h.lap, say: o.Say}
	if err := m.run(ctx); err != nil {
		return nil, err
	}
	result.Missing = union(result.Missing, h.missing)
	result.add(m, o)
	return result, nil
}

// herd is a benchmark under way.
type herd struct {
	*scene
	options HerdOptions
	all     []*side
}

// cast starts everybody and fills them with clients.
func (h *herd) cast(ctx context.Context) error {
	all, err := h.pollmuxes(load.Longpoll, h.options.N, 1)
	if err != nil {
		return err
	}
	streams, err := h.pollmux("", load.SSE, h.options.N, 1)
	if err != nil {
		return err
	}
	streams.name = overSSE
	peer, err := h.nchan(ctx, load.Longpoll, h.options.N)
	if err != nil {
		return err
	}
	if all = append(all, streams); peer != nil {
		all = append(all, peer)
	}
	h.all = all
	for _, one := range all {
		h.options.Say("herd: connecting %d of %s", h.options.N, one.name)
		if err := one.join(ctx, h.options.N); err != nil {
			return err
		}
		if err := one.burst(ctx); err != nil { // the first is slower
			return err
		}
	}
	return nil
}

// lap is a turn. Those of pollmux add up to the whole time, those of the references
// to less than half of it.
func (h *herd) lap(ctx context.Context, one *side) (burstLap, error) {
	o := h.options
	cycles := max(1, int(o.For/o.Every)/o.Rounds)
	if slices.Contains([]string{overSSE, nchan}, one.name) {
		cycles = max(1, cycles*2/5)
	}
	return one.pulse(ctx, cycles, o.Every)
}
