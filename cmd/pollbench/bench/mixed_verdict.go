package bench

import (
	"fmt"
	"time"
)

// What may grow from the second quarter to the last without being a leak: the
// garbage collector's rhythm, and connections that change hands.
const (
	growth           = 1.10
	growthRSS        = 8 << 20
	growthGoroutines = 32
)

// pollLate is by how much a poll may come late, on average, on a busy machine.
const pollLate = 100 * time.Millisecond

// verdict judges a run.
func (b *mixed) verdict(r *MixedResult) Verdict {
	var v Verdict
	lost := b.crowd.Dropped()
	v.add(b.behind == 0, "every subscriber has the last version", "%d of %d", b.members-b.behind, b.members)
	v.add(len(lost) == 0, "no subscriber was dropped", "%s", dropped(lost))
	v.add(b.watch.deliveries() > 0, "changes were delivered", "%d deliveries", b.watch.deliveries())
	v.add(b.watch.strange.Load() == 0, "no version came twice, or went back, or was broken", "%d", b.watch.strange.Load())
	polls, took := b.polls()
	most, least := int64(took/b.options.Interval)+slack, int64(took/(b.options.Interval+pollLate))-slack
	v.add(polls <= most && polls >= least, "one origin request per interval", "%.2f (%d, and %d to %d are good)", r.PerInterval, polls, max(least, 0), most)
	bound, p99 := b.options.Interval+b.options.Allow, b.watch.late.Quantile(0.99)
	v.add(p99 <= bound, fmt.Sprintf("99 %% heard of a change within the interval and %v", b.options.Allow), "%v", p99.Round(time.Millisecond))
	v.add(float64(r.RSS[1]) <= growth*float64(r.RSS[0])+growthRSS, "resident memory is flat", "%s, then %s", mebibytes(r.RSS[0]), mebibytes(r.RSS[1]))
	v.add(float64(r.Goroutines[1]) <= growth*float64(r.Goroutines[0])+growthGoroutines, "goroutines are flat", "%d, then %d", r.Goroutines[0], r.Goroutines[1])
	return v
}

// dropped says how many were, and why the first was.
func dropped(lost []error) string {
	if len(lost) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d, the first: %v", len(lost), lost[0])
}

// Judge returns the verdict.
func (r *MixedResult) Judge() Verdict { return r.Verdict }

// Ratios is the CPU time of a message.
func (r *MixedResult) Ratios() map[string]Spread {
	return map[string]Spread{"CPU per message, against the bare loop": r.Ratio}
}
