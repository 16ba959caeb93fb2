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

	// At the origin, warm-up included: the most requests in a second, the most in a
	// second less what some may be late, and the least time for one more than the budget.
	Fullest  int     `json:"requests_in_fullest_second"`
	Judged   int     `json:"requests_in_fullest_judged"`
	Shortest float64 `json:"budget_and_one_ms"`
	Late     float64 `json:"origin_late_ms"` // to note a request, at most

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

// onTheWay is how much later than another a request may come to the origin, from when
// pollmux begins it: connections are made, and others want the cores as well.
const onTheWay = 20 * time.Millisecond

func (b *freshness) result() *FreshnessResult {
	o := b.options
	r := &FreshnessResult{
		Trace: o.Trace.Name, Resources: len(o.Trace.Resources), Subscribers: len(b.watch.members), Budget: o.Budget,
		Fullest: fullest(b.arrivals, time.Second), Judged: fullest(b.arrivals, time.Second-onTheWay-b.late),
		Late:     rounded(b.late.Seconds() * 1e3),
		Shortest: rounded(shortest(b.arrivals, int(o.Budget)+1).Seconds() * 1e3),
		Delivery: quantiles(&b.watch.delivery), Gathered: rounded(b.gathered.Seconds()),
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

// shortest is the least time from the first to the last of so many arrivals in a row; 0
// if there are not that many.
func shortest(arrivals []int64, n int) time.Duration {
	sorted := slices.Sorted(slices.Values(arrivals))
	if len(sorted) < n {
		return 0
	}
	least := int64(math.MaxInt64)
	for i := n - 1; i < len(sorted); i++ {
		least = min(least, sorted[i]-sorted[i-n+1])
	}
	return time.Duration(least)
}

// verdict judges a run.
func (b *freshness) verdict(r *FreshnessResult) Verdict {
	var v Verdict
	strange := b.watch.strange.Load()
	v.add(strange == 0, "no version came twice, or went back, or was broken", "%d", strange)
	most := math.Floor(r.Budget*b.options.For.Seconds()) + 1 // one may come late that was sent before
	v.add(r.Measured.Requests*b.options.For.Seconds() <= most, "the origin got no more requests than the budget", "%.2f of %v per second", r.Measured.Requests, r.Budget)
	if !b.options.Bars {
		return v
	}
	v.add(float64(r.Judged) <= math.Ceil(r.Budget), fmt.Sprintf("nor in any second, less %v on the way and what the origin was late", onTheWay),
		"%d at most, %.1f ms late", r.Judged, r.Late)
	used := r.Measured.Requests / r.Budget
	v.add(used >= barUsed, fmt.Sprintf("the budget is used up to within %.0f %%", 100*(1-barUsed)), "%.1f %%", 100*used)
	off := r.Measured.Staleness/r.Simulated.Staleness - 1
	v.add(math.Abs(off) <= barFreshness, fmt.Sprintf("subscribers are as stale as in the simulation, within %.0f %%", 100*barFreshness),
		"%+.1f %%: %.4f s and %.4f s", 100*off, r.Measured.Staleness, r.Simulated.Staleness)
	return v
}

// Write tells the outcome.
func (r *FreshnessResult) Write(w io.Writer) {
	t := newTable(fmt.Sprintf("%d resources (%q), %d subscribers, %v requests/s", r.Resources, r.Trace, r.Subscribers, r.Budget), "staleness", "p99", "requests/s")
	for _, row := range []struct {
		title string
		replay.Outcome
	}{{"measured at the subscribers", r.Measured}, {"when the origin was asked", r.Polled}, {"simulated", r.Simulated}} {
		t.add(row.title, fmt.Sprintf("%.4f s", row.Staleness), fmt.Sprintf("%.2f s", row.P99), fmt.Sprintf("%.2f", row.Requests))
	}
	t.write(w)
	fmt.Fprintf(w, "Against the simulations %v; %d requests in the origin's fullest second, and %.0f in no less than %.1f ms.\n",
		r.Against, r.Fullest, math.Floor(r.Budget)+1, r.Shortest)
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
