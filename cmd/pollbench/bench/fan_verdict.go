package bench

import (
	"fmt"
	"slices"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// The bars of the fan-out. They hold from barSubscribers on: with fewer, the poll
// that finds the news is not small any more beside telling it.
const (
	barSubscribers = 5000
	barCPU         = 1.15 // times the bare loop's
	barLongpoll    = 1.0  // times nchan's, the next request included
	barLast        = 1.25 // times the bare loop's
)

// judge completes a result.
func (r *FanResult) judge(bars bool) {
	r.Growth = grow(r.Rows)
	var v Verdict
	for _, row := range r.Rows {
		if row.Server != bareLoop && row.Server != nchan {
			row.judge(&v)
		}
		if bars && row.Server == pollmux && row.N >= barSubscribers && row.Feeds == 1 {
			row.bars(&v)
		}
	}
	if r.Slow != nil {
		r.Slow.judge(&v, bars)
	}
	r.Verdict = v
}

// judge judges what must be so at any size, on any machine. Somebody who was lost,
// or did not get the last version, has ended the benchmark before.
func (row FanRow) judge(v *Verdict) {
	whose := fmt.Sprintf("%s to %d of %s", row.Server, row.N, row.Kind)
	v.add(row.Deliveries > 0 && row.Skipped == 0, whose+": nobody was dropped, all got every version", "%d deliveries, %d of them behind a gap", row.Deliveries, row.Skipped)
	v.add(row.Polls <= row.MaxPolls, whose+": one origin request per interval", "%d, and %d are good", row.Polls, row.MaxPolls)
	v.add(float64(row.Memory[1]) <= growth*float64(row.Memory[0])+growthRSS, whose+": memory is flat", "%s, then %s", mebibytes(row.Memory[0]), mebibytes(row.Memory[1]))
}

// bars judges pollmux.
func (row FanRow) bars(v *Verdict) {
	if slices.Contains([]load.Kind{load.SSE, load.NDJSON, load.WebSocket}, row.Kind) {
		v.most(row.CPUAgainst, bareLoop, barCPU, fmt.Sprintf("%s: CPU per delivery", row.Kind))
	}
	if row.Kind == load.Longpoll {
		v.most(row.CPUAgainst, nchan, barLongpoll, fmt.Sprintf("%s: CPU per delivery and next request", row.Kind))
	}
	if row.Kind != load.Longpoll { // who also reads the next requests meanwhile
		v.most(row.LastAgainst, bareLoop, barLast, fmt.Sprintf("%s: the last is served", row.Kind))
	}
}

// most claims that a ratio is at most so much. To a peer that is not installed there
// is none, and nothing is claimed; one that was too short to tell is no success.
func (v *Verdict) most(ratios map[string]Spread, reference string, bar float64, what string) {
	if s, ok := ratios[reference]; ok {
		v.add(s.Median <= bar && s != Spread{}, fmt.Sprintf("%s: at most %.2f × %s", what, bar, reference), "%v", s)
	}
}
