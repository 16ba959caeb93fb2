package bench

import (
	"fmt"
	"io"
)

// ChurnResult is the outcome of Churn.
type ChurnResult struct {
	Apart   bool        `json:"client_and_server_apart"`
	Came    int         `json:"came"` // after the warm-up
	Took    float64     `json:"seconds"`
	Dropped int         `json:"dropped"` // by the server, while they stayed
	First   string      `json:"first"`   // why the first was
	Start   leftover    `json:"start"`   // before the first client: goroutines and descriptors
	Left    [2]leftover `json:"left"`    // after the warm-up, at once, and after the rest
	Verdict Verdict     `json:"verdict"`
}

// churnPace is how much of its pace the load must keep on a busy machine.
const churnPace = 0.9

// What may be more than before the first client: what pools keep, and connections to
// the origin.
const (
	churnGoroutines  = 4
	churnDescriptors = 2
)

// covers is whether somebody is as before.
func (start leftover) covers(now leftover) bool {
	return now.Goroutines <= start.Goroutines+churnGoroutines && now.Descriptors <= start.Descriptors+churnDescriptors
}

// judge completes a result.
func (r *ChurnResult) judge(o ChurnOptions) {
	v := &r.Verdict
	first, last := r.Left[0], r.Left[1]
	least := churnPace * float64(o.Rate) * o.For.Seconds()
	v.add(float64(r.Came) >= least, "as many came as should", "%d in %.1f s", r.Came, r.Took)
	v.add(r.Dropped == 0, "nobody was dropped while they stayed", "%d %s", r.Dropped, r.First)
	v.add(last.Held == 0, "no subscriber is left in the statistics", "%d", last.Held)
	v.add(last.Goroutines > 0 && r.Start.covers(last), fmt.Sprintf("goroutines and descriptors are as before the first client, and %d and %d more at most", churnGoroutines, churnDescriptors),
		"%d and %d, then %d and %d", r.Start.Goroutines, r.Start.Descriptors, last.Goroutines, last.Descriptors)
	v.within("live heap", first.Live, last.Live, youngHeap, mebibytes)
	v.within("resident memory", first.RSS, last.RSS, youngMemory, mebibytes)
}

// Write tells the outcome.
func (r *ChurnResult) Write(w io.Writer) {
	first, last := r.Left[0], r.Left[1]
	t := newTable("pollmux", "before the first client", "after the warm-up", "with nobody left")
	t.add("clients that came and went", "", "", count(int64(r.Came)))
	t.add("subscribers", count(r.Start.Held), count(first.Held), count(last.Held))
	t.add("goroutines", count(r.Start.Goroutines), count(first.Goroutines), count(last.Goroutines))
	t.add("descriptors", count(r.Start.Descriptors), count(first.Descriptors), count(last.Descriptors))
	t.add("heap live", "", mebibytes(first.Live), mebibytes(last.Live))
	t.add("resident memory", "", mebibytes(first.RSS), mebibytes(last.RSS))
	t.write(w)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *ChurnResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *ChurnResult) Judge() Verdict { return r.Verdict }
