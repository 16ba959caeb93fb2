package bench

import "io"

// ChurnResult is the outcome of Churn.
type ChurnResult struct {
	Apart   bool        `json:"client_and_server_apart"`
	Came    int         `json:"came"` // after the warm-up
	Took    float64     `json:"seconds"`
	Dropped int         `json:"dropped"` // by the server, while they stayed
	First   string      `json:"first"`   // why the first was
	Left    [2]leftover `json:"left"`    // after the warm-up, and after the rest
	Verdict Verdict     `json:"verdict"`
}

// churnPace is how much of its pace the load must keep on a busy machine.
const churnPace = 0.9

// judge completes a result.
func (r *ChurnResult) judge(o ChurnOptions) {
	v := &r.Verdict
	first, last := r.Left[0], r.Left[1]
	least := churnPace * float64(o.Rate) * o.For.Seconds()
	v.add(float64(r.Came) >= least, "as many came as should", "%d in %.1f s", r.Came, r.Took)
	v.add(r.Dropped == 0, "nobody was dropped while they stayed", "%d %s", r.Dropped, r.First)
	v.add(last.Held == 0, "no subscriber is left in the statistics", "%d", last.Held)
	v.within("goroutines", first.Goroutines, last.Goroutines, 0, count)
	v.within("descriptors", first.Descriptors, last.Descriptors, 0, count)
	v.within("live heap", first.Live, last.Live, youngHeap, mebibytes)
	v.within("resident memory", first.RSS, last.RSS, youngMemory, mebibytes)
}

// Write tells the outcome.
func (r *ChurnResult) Write(w io.Writer) {
	first, last := r.Left[0], r.Left[1]
	t := newTable("pollmux, with nobody left", "after the warm-up", "after the rest", "")
	t.add("clients that came and went", "", count(int64(r.Came)), "")
	t.add("subscribers", count(first.Held), count(last.Held), "")
	t.add("goroutines", count(first.Goroutines), count(last.Goroutines), change(first.Goroutines, last.Goroutines))
	t.add("descriptors", count(first.Descriptors), count(last.Descriptors), change(first.Descriptors, last.Descriptors))
	t.add("heap live", mebibytes(first.Live), mebibytes(last.Live), change(first.Live, last.Live))
	t.add("resident memory", mebibytes(first.RSS), mebibytes(last.RSS), change(first.RSS, last.RSS))
	t.write(w)
	writeShared(w, r.Apart)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *ChurnResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *ChurnResult) Judge() Verdict { return r.Verdict }
