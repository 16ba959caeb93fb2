package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/replay"
)

// FreshnessResult is the outcome of Freshness.
type FreshnessResult struct {
	Trace       string  `json:"trace"`
	Resources   int     `json:"resources"`
	Subscribers int     `json:"subscribers"`
	Budget      float64 `json:"budget"` // requests per second

	Measured  replay.Outcome `json:"measured"`
	Polled    replay.Outcome `json:"measured_at_origin"` // without the way to the subscribers
	Simulated replay.Outcome `json:"simulated"`          // the mean of all simulations
	Against   Spread         `json:"staleness_against_simulation"`

	Fullest  int       `json:"requests_in_fullest_second"` // at the origin, warm-up included
	Delivery Quantiles `json:"origin_to_client_ms"`
	Gathered float64   `json:"everybody_there_after_seconds"`
	Verdict  Verdict   `json:"verdict"`
}

// The bars: how far what is measured may be from what is simulated, and how much of
// the budget must be used.
const (
	barFreshness = 0.1
	barUsed      = 0.99
)

func (b *freshness) result() *FreshnessResult {
	o := b.options
	r := &FreshnessResult{
		Trace: o.Trace.Name, Resources: len(o.Trace.Resources), Subscribers: len(b.watch.members), Budget: o.Budget,
		Fullest: fullest(b.arrivals, time.Second), Delivery: quantiles(&b.watch.delivery), Gathered: rounded(b.gathered.Seconds()),
	}
	r.Measured, r.Polled = b.watch.outcome(o.Warm.Seconds(), b.counted())
	var ratios []float64
	n := float64(len(b.simulated))
	for _, one := range b.simulated {
		r.Simulated.Staleness += one.Staleness / n
		r.Simulated.P99 += one.P99 / n
		r.Simulated.Requests += one.Requests / n
		if one.Staleness > 0 {
			ratios = append(ratios, r.Measured.Staleness/one.Staleness)
		}
	}
	r.Against = newSpread(ratios)
	r.Verdict = b.verdict(r)
	return r
}

// counted is how many requests came in the time that counts.
func (b *freshness) counted() (n int) {
	from := b.watch.began.Add(b.options.Warm).UnixNano()
	until := from + int64(b.options.For)
	for _, at := range b.arrivals {
		if at >= from && at < until {
			n++
		}
	}
	return n
}

// fullest is the most arrivals that there are in any such window, whose end does not
// belong to it.
func fullest(arrivals []int64, window time.Duration) (most int) {
	sorted := slices.Sorted(slices.Values(arrivals))
	first := 0
	for i, at := range sorted {
		for at-sorted[first] >= int64(window) {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// verdict judges a run.
func (b *freshness) verdict(r *FreshnessResult) Verdict {
	var v Verdict
	strange := b.watch.strange.Load()
	v.add(strange == 0, "no version came twice, or went back, or was broken", "%d", strange)
	v.add(float64(r.Fullest) <= math.Ceil(r.Budget), "in no second the origin got more requests than the budget", "%d of %v at most", r.Fullest, r.Budget)
	if !b.options.Bars {
		return v
	}
	used := r.Measured.Requests / r.Budget
	v.add(used >= barUsed && used <= 1, fmt.Sprintf("the budget is used up to within %.0f %%", 100*(1-barUsed)), "%.1f %%", 100*used)
	off := r.Measured.Staleness/r.Simulated.Staleness - 1
	v.add(math.Abs(off) <= barFreshness, fmt.Sprintf("subscribers are as stale as in the simulation, within %.0f %%", 100*barFreshness),
		"%+.1f %%: %.3f s and %.3f s", 100*off, r.Measured.Staleness, r.Simulated.Staleness)
	return v
}

// Write tells the outcome.
func (r *FreshnessResult) Write(w io.Writer) {
	t := newTable(fmt.Sprintf("%d resources (%q), %d subscribers, %v requests/s", r.Resources, r.Trace, r.Subscribers, r.Budget), "staleness", "p99", "requests/s")
	for _, row := range []struct {
		title string
		replay.Outcome
	}{{"measured at the subscribers", r.Measured}, {"when the origin was asked", r.Polled}, {"simulated", r.Simulated}} {
		t.add(row.title, fmt.Sprintf("%.3f s", row.Staleness), fmt.Sprintf("%.2f s", row.P99), fmt.Sprintf("%.2f", row.Requests))
	}
	t.write(w)
	fmt.Fprintf(w, "Against the simulations %v; %d requests in the fullest second.\n", r.Against, r.Fullest)
	fmt.Fprintf(w, "From the origin to a subscriber: p50 %.1f ms, p99 %.1f ms, max %.1f ms. All were there after %.1f s.\n\n",
		r.Delivery.P50, r.Delivery.P99, r.Delivery.Max, r.Gathered)
	r.Verdict.Write(w)
}

// Ratios is the staleness.
func (r *FreshnessResult) Ratios() map[string]Spread {
	return map[string]Spread{"staleness, against the simulation": r.Against}
}

// Judge returns the verdict.
func (r *FreshnessResult) Judge() Verdict { return r.Verdict }
