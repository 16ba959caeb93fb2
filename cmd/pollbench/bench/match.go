package bench

import (
	"context"
	"fmt"
	"slices"
)

// match lets sides tell their audiences something new, in turn.
type match struct {
	title  string
	all    []*side
	rounds int
	lap    func(ctx context.Context, one *side) (burstLap, error)
	say    Say

	laps   map[string][]burstLap
	memory map[string][2]int64 // after half of the rounds, and after the last
}

func (m *match) run(ctx context.Context) (err error) {
	m.laps, m.memory = map[string][]burstLap{}, map[string][2]int64{}
	for round := range m.rounds {
		first := round % len(m.all)
		for _, one := range slices.Concat(m.all[first:], m.all[:first]) {
			m.say("%s, round %d of %d: %s", m.title, round+1, m.rounds, one.name)
			l, err := m.lap(ctx, one)
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			m.laps[one.name] = append(m.laps[one.name], l)
		}
		if round == (m.rounds-1)/2 {
			if err := m.weigh(0); err != nil {
				return err
			}
		}
	}
	return m.weigh(1)
}

// weigh notes everybody's memory.
func (m *match) weigh(when int) error {
	for _, one := range m.all {
		bytes, err := one.server.Memory()
		if err != nil {
			return err
		}
		w := m.memory[one.name]
		w[when] = bytes
		m.memory[one.name] = w
	}
	return nil
}

// cpu are the ratios of the CPU time per delivery, round by round.
func (m *match) cpu(name, reference string) (Spread, bool) {
	return m.ratio(name, reference, func(l burstLap) float64 {
		if l.cpu <= 0 || l.units == 0 {
			return 0
		}
		return l.each()
	})
}

// last are the ratios of the time until the last had it.
func (m *match) last(name, reference string) (Spread, bool) {
	return m.ratio(name, reference, burstLap.lastIn)
}

// p99 are those of the time until 99 % had it.
func (m *match) p99(name, reference string) (Spread, bool) {
	return m.ratio(name, reference, burstLap.ninetyNine)
}

// lastIn is the median of the bursts' latest delivery.
func (l burstLap) lastIn() float64 { return float64(medianInt(l.Last)) }

// ninetyNine is the median of the bursts' 99th percentile, half that of their median:
// one burst that something else came between does not count for the lap.
func (l burstLap) ninetyNine() float64 { return float64(medianInt(l.P99)) }
func (l burstLap) half() float64       { return float64(medianInt(l.P50)) }

func (m *match) ratio(name, reference string, figure func(burstLap) float64) (Spread, bool) {
	base, ok := m.laps[reference]
	if !ok || name == reference {
		return Spread{}, false
	}
	var all []float64
	for i, l := range m.laps[name] {
		if a, b := figure(l), figure(base[i]); a > 0 && b > 0 {
			all = append(all, a/b)
		}
	}
	return newSpread(all), true
}

// middle is the median of a figure over the rounds.
func (m *match) middle(name string, figure func(burstLap) float64) float64 {
	var all []float64
	for _, l := range m.laps[name] {
		all = append(all, figure(l))
	}
	return rounded(medianFloat(all))
}
