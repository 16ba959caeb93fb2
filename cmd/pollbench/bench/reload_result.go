package bench

import (
	"fmt"
	"io"
)

// judge completes a result.
func (r *ReloadResult) judge(o ReloadOptions) {
	v := &r.Verdict
	v.add(r.Failure == "" && r.Polls > 0, "every poll is answered", "%d, %d a second%s", r.Polls, int64(float64(r.Polls)/max(r.Seconds, 1e-9)), because(r.Failure))
	v.add(r.Held == o.N, "nobody who is held is dropped", "%d of %d", r.Held, o.N)
	v.add(r.Applied == int64((o.Times+1)/2), "every good file is taken", "%d of %d", r.Applied, (o.Times+1)/2)
	v.add(r.Refused == int64(o.Times/2), "every broken file is refused", "%d of %d", r.Refused, o.Times/2)
	v.add(float64(r.Goroutines[1]) <= growth*float64(r.Goroutines[0])+growthGoroutines, "goroutines are flat", "%d, then %d", r.Goroutines[0], r.Goroutines[1])
	v.add(float64(r.Descriptors[1]) <= float64(r.Descriptors[0])+spareOpen, "descriptors are flat", "%d, then %d", r.Descriptors[0], r.Descriptors[1])
	v.add(float64(r.RSS[1]) <= growth*float64(r.RSS[0])+growthRSS, "resident memory is flat", "%s, then %s", mebibytes(r.RSS[0]), mebibytes(r.RSS[1]))
}

// spareOpen is how many descriptors may come and go with who asks the admin listener, and
// with connections to the origin.
const spareOpen = 16

func because(failure string) string {
	if failure == "" {
		return ""
	}
	return ": " + failure
}

// Write tells the outcome.
func (r *ReloadResult) Write(w io.Writer) {
	t := newTable("pollmux", "files", "taken", "refused", "held", "polls")
	t.add(fmt.Sprintf("in %.0f s", r.Seconds), fmt.Sprint(r.Times), count(r.Applied), count(r.Refused), fmt.Sprint(r.Held), count(r.Polls))
	t.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *ReloadResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *ReloadResult) Judge() Verdict { return r.Verdict }
