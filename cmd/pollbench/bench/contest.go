package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// Say tells whoever waits how far a benchmark is.
type Say func(format string, args ...any)

// contestant is a server that is measured in turn with others.
type contestant struct {
	name    string
	server  *stage.Process
	request load.Request
}

// contest measures contestants against each other.
type contest struct {
	title   string
	clients int
	lap     time.Duration
	rounds  int
	weight  float64 // units per answer
	all     []*contestant
	say     Say
}

// lap is a measured stretch.
type lap struct {
	cpu, took time.Duration
	units     float64
}

// Row is what came out for one contestant.
type Row struct {
	Server string `json:"server"`

	// CPU is microseconds of the server's CPU time per unit, Rate is units per
	// second: medians of the rounds.
	CPU  float64 `json:"cpu_us"`
	Rate float64 `json:"per_second"`

	// Against are the ratios of the CPU time to that of others in the same
	// round, by their name.
	Against map[string]Spread `json:"against"`
}

// run measures all contestants, round by round.
func (c *contest) run(ctx context.Context, references ...string) ([]Row, error) {
	laps := make(map[string][]lap)
	for round := range c.rounds {
		for _, one := range c.turns(round) {
			c.say("%s, round %d of %d: %s", c.title, round+1, c.rounds, one.name)
			l, err := c.measure(ctx, one)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", c.title, one.name, err)
			}
			laps[one.name] = append(laps[one.name], l)
		}
	}
	var rows []Row
	for _, one := range c.all {
		rows = append(rows, newRow(one.name, laps, references))
	}
	return rows, nil
}

// turns is the order in a round: nobody has the advantage of being first every
// time.
func (c *contest) turns(round int) []*contestant {
	first := round % len(c.all)
	return slices.Concat(c.all[first:], c.all[:first])
}

// measure lets a contestant work on connections that have been used before.
func (c *contest) measure(ctx context.Context, one *contestant) (lap, error) {
	clients, err := load.Connect(ctx, one.server.Address, c.clients, func(int) load.Request { return one.request })
	if err != nil {
		return lap{}, err
	}
	defer clients.Close()
	if err := clients.Once(ctx); err != nil {
		return lap{}, err
	}
	before, err := one.server.CPU()
	if err != nil {
		return lap{}, err
	}
	start := time.Now()
	answers, err := clients.Run(ctx, c.lap)
	if err != nil {
		return lap{}, err
	}
	took := time.Since(start)
	after, err := one.server.CPU()
	return lap{cpu: after - before, took: took, units: float64(answers) * c.weight}, err
}

// each is CPU time per unit, in microseconds.
func (l lap) each() float64 { return float64(l.cpu.Nanoseconds()) / 1e3 / l.units }

func newRow(name string, laps map[string][]lap, references []string) Row {
	row := Row{Server: name, Against: map[string]Spread{}}
	var cpu, rate []float64
	for _, l := range laps[name] {
		cpu, rate = append(cpu, l.each()), append(rate, l.units/l.took.Seconds())
	}
	row.CPU, row.Rate = rounded(medianFloat(cpu)), rounded(medianFloat(rate))
	for _, reference := range references {
		if base, ok := laps[reference]; ok && reference != name {
			row.Against[reference] = newSpread(ratios(laps[name], base))
		}
	}
	return row
}

// ratios pairs the laps of the same round. Those too short for the clock of /proc
// are left out.
func ratios(laps, base []lap) []float64 {
	var all []float64
	for i, l := range laps {
		if b := base[i]; l.cpu > 0 && b.cpu > 0 {
			all = append(all, l.each()/b.each())
		}
	}
	return all
}
