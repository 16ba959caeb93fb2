package bench

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// SlowResult is what came of readers that stopped.
type SlowResult struct {
	Kind    load.Kind `json:"kind"`
	N       int       `json:"n"`
	Stopped int       `json:"stopped"`

	// P99 is how late 99 % of the others were served, in milliseconds, while
	// all read and while some did not: medians of the rounds.
	P99   [2]float64 `json:"p99_ms"`
	Ratio Spread     `json:"p99_against_all_reading"`

	// Memory of the server, once readers were held up for the first time, and
	// when they had been for the last.
	Memory [2]int64 `json:"memory_bytes"`

	Blocked int `json:"blocked"` // readers for whom versions were skipped, in all rounds
	Wrong   int `json:"wrong"`   // of them, who did not get the newest next
	Resumed int `json:"resumed"` // in all rounds
}

// slowBody is how large a snapshot is here, and fillBursts how many of them it takes
// until the buffers of the kernel between the server and a reader with a small window
// are full: they hold 300 KiB.
const (
	slowBody   = 8 << 10
	fillBursts = 60
)

// slow lets a share of the readers stop, and go on, round by round.
func (f *fan) slow(ctx context.Context) error {
	n, k := f.options.N[len(f.options.N)-1], f.options.Kinds[0]
	c := f.scene(n, 1)
	c.others, c.body, c.tight = nil, slowBody, max(1, int(1/f.options.Slow))
	all, err := c.pollmuxes(k, n, 1)
	if err != nil {
		return err
	}
	one := all[0]
	f.options.Say("fan, %g of %d of %s stop: connecting", f.options.Slow, n, k)
	if err := one.join(ctx, n); err != nil {
		return err
	}
	s := &slowRun{side: one, result: &SlowResult{Kind: k, N: n}, bursts: 2 * f.bursts(n, 1)}
	for round := range f.options.Rounds {
		f.options.Say("fan, %g of %d of %s stop, round %d of %d", f.options.Slow, n, k, round+1, f.options.Rounds)
		if err := s.round(ctx, round == 0); err != nil {
			return err
		}
	}
	s.result.P99 = [2]float64{rounded(medianFloat(s.p99[0])), rounded(medianFloat(s.p99[1]))}
	s.result.Ratio = newSpread(s.ratios)
	f.result.Slow = s.result
	return c.end(all)
}

type slowRun struct {
	*side
	result *SlowResult
	bursts int
	p99    [2][]float64
	ratios []float64
}

// round measures with all reading, with some held up, and lets those go on.
func (s *slowRun) round(ctx context.Context, first bool) error {
	if err := errors.Join(s.ask("replace", &audience.State{}), s.holds(ctx, s.n)); err != nil {
		return err
	}
	before, err := s.side.bursts(ctx, s.bursts, false)
	if err != nil {
		return err
	}
	if err := s.crowd.Ask("stop", &s.result.Stopped); err != nil {
		return err
	}
	if _, err := s.side.bursts(ctx, fillBursts, false); err != nil {
		return err
	}
	if first {
		if s.result.Memory[0], err = s.server.Memory(); err != nil {
			return err
		}
	}
	with, err := s.side.bursts(ctx, s.bursts, false)
	if err != nil {
		return err
	}
	if s.result.Memory[1], err = s.server.Memory(); err != nil {
		return err
	}
	a, b := before.ninetyNine()/1e6, with.ninetyNine()/1e6
	s.p99[0], s.p99[1], s.ratios = append(s.p99[0], a), append(s.p99[1], b), append(s.ratios, b/a)
	return s.resume(ctx)
}

func (s *slowRun) resume(ctx context.Context) error {
	version, err := s.publish(ctx)
	if err != nil {
		return err
	}
	if err := s.await(version); err != nil {
		return err
	}
	var r child.Resumption
	if err := s.crowd.Ask(fmt.Sprintf("resume %d", version), &r); err != nil {
		return err
	}
	s.result.Resumed, s.result.Blocked, s.result.Wrong = s.result.Resumed+r.Readers, s.result.Blocked+r.Blocked, s.result.Wrong+r.Wrong
	return r.State.Err()
}

// barSlow is how much later the others may be served: a tenth.
const barSlow = 1.10

func (r *SlowResult) judge(v *Verdict, bars bool) {
	v.add(r.Blocked == r.Resumed && r.Stopped > 0, "whoever stops reading holds nothing up but himself: versions are skipped for him", "%d of %d", r.Blocked, r.Resumed)
	v.add(r.Wrong == 0, "a reader that resumes gets the newest version next", "%d of %d did not", r.Wrong, r.Resumed)
	v.add(float64(r.Memory[1]) <= growth*float64(r.Memory[0])+growthRSS, "memory is flat while readers are stopped", "%s, then %s", mebibytes(r.Memory[0]), mebibytes(r.Memory[1]))
	if bars {
		v.add(r.Ratio.Median <= barSlow && r.Ratio != Spread{}, fmt.Sprintf("the others' p99: at most %.2f × that without", barSlow), "%v", r.Ratio)
	}
}

func (r *SlowResult) write(w io.Writer) {
	t := newTable(fmt.Sprintf("%d of %d of %s stop reading", r.Stopped, r.N, r.Kind), "all read", "some do not", "ratio")
	t.add("p99 of the others", fmt.Sprintf("%.1f ms", r.P99[0]), fmt.Sprintf("%.1f ms", r.P99[1]), r.Ratio.String())
	t.write(w)
}
