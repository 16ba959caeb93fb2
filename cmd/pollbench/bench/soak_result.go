package bench

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// SoakResult is the outcome of Soak.
type SoakResult struct {
	Visits    int64        `json:"visits"`
	Asked     int64        `json:"client_requests"`
	Snapshots int64        `json:"snapshots"`
	Held      float64      `json:"held_seconds"`
	Requests  int64        `json:"origin_requests"`
	Dropped   int64        `json:"audience_dropped"`
	Writes    load.Account `json:"writes"`
	Recovery  [2]float64   `json:"recovery_seconds"`
	Left      [2]leftover  `json:"left"` // after the warm-up and after the soak
	Verdict   Verdict      `json:"verdict"`
}

// result is what came out.
func (b *soak) result() (*SoakResult, error) {
	var tally child.Tally
	if err := b.origin.Ask("tally", &tally); err != nil {
		return nil, err
	}
	r := &SoakResult{Snapshots: b.witness.seen.Load(), Writes: b.writes.Compare(tally.Writes)}
	for i, st := range b.stretches {
		r.Visits, r.Asked, r.Requests, r.Dropped = r.Visits+st.visits, r.Asked+st.asked, r.Requests+st.requests, r.Dropped+st.drops
		r.Held = rounded(r.Held + st.held.Seconds())
		r.Recovery[i], r.Left[i] = rounded(st.recovery.Seconds()), st.left
	}
	r.Verdict = b.verdict(r, tally.Uploads)
	return r, nil
}

// drift is by how much what is left may differ from what was left of the
// warm-up.
const drift = 0.05

// soakRecovery is how long recovery may take: two intervals, but an origin that
// wished for a second is left alone for one, and a busy machine takes its time.
const soakRecovery = 2*soakInterval + 2*time.Second

// verdict judges a run.
func (b *soak) verdict(r *SoakResult, uploads int64) Verdict {
	var v Verdict
	w := b.witness
	v.add(w.leaked.Load() == 0 && w.seen.Load() > 0, "nobody was told what is another's", "%s, of %d snapshots", w.found(&w.leaked), w.seen.Load())
	v.add(w.back.Load() == 0, "no version went back", "%s", w.found(&w.back))
	v.add(w.strange.Load() == 0, "nothing was told that is no snapshot", "%s", w.found(&w.strange))
	v.add(r.Writes.Lost == 0 && r.Writes.Good > 0, "no write was lost that was answered 2xx", "%d of %d", r.Writes.Lost, r.Writes.Good)
	v.add(r.Writes.Repeated == 0 && r.Writes.Arrived > 0, "no write arrived twice", "%d of %d", r.Writes.Repeated, r.Writes.Arrived)
	v.add(r.Writes.Gaps == 0, "no message of a socket overtook another", "%d", r.Writes.Gaps)
	v.add(uploads == 0, "no upload that was cut looked whole", "%d", uploads)
	for i, st := range b.stretches {
		name := [2]string{"warm-up", "soak"}[i]
		most := st.asked + int64(st.held/soakInterval)
		v.add(st.requests <= most, "the origin got no more than its clients would have sent: "+name, "%d, and %d are good", st.requests, most)
		v.add(st.hung == 0, "no answer took longer than "+soakHang.String()+" to begin: "+name, "%d", st.hung)
		v.add(st.dribbled == 0, "no head dribbled in for longer than "+soakDribble.String()+": "+name, "%d", st.dribbled)
		v.add(st.recovered && st.recovery <= soakRecovery, fmt.Sprintf("news within %v of recovery: %s", soakRecovery, name), "%v", st.recovery.Round(time.Millisecond))
	}
	first, last := r.Left[0], r.Left[1]
	v.within("goroutines", first.Goroutines, last.Goroutines, 0, count)
	v.within("descriptors", first.Descriptors, last.Descriptors, 0, count)
	var heap, memory int64
	if b.options.For < longSoak {
		heap, memory = youngHeap, youngMemory
	}
	v.within("live heap", first.Live, last.Live, heap, mebibytes)
	v.within("resident memory", first.RSS, last.RSS, memory, mebibytes)
	return v
}

// A process of 20 MiB that has run for seconds still finds its size: the runtime
// takes memory by the arena, of 4 MiB. A run that is shorter than longSoak may
// grow by these instead.
const (
	longSoak    = 5 * time.Minute
	youngHeap   = 256 << 10
	youngMemory = 4 << 20
)

// within adds that something has not grown beyond the drift, or beyond an
// allowance.
func (v *Verdict) within(what string, first, last, allowance int64, cell func(int64) string) {
	claim := fmt.Sprintf("%s within %.0f %%", what, 100*drift)
	if allowance > 0 {
		claim += " or, in a short run, " + cell(allowance)
	}
	good := first > 0 && last <= first+max(int64(drift*float64(first)), allowance)
	v.add(good, claim, "%s, then %s (%s)", cell(first), cell(last), change(first, last))
}

// count is a cell.
func count(n int64) string { return strconv.FormatInt(n, 10) }

// change is a cell.
func change(first, last int64) string {
	if first == 0 {
		return "–"
	}
	return fmt.Sprintf("%+.1f %%", 100*float64(last-first)/float64(first))
}

// Write tells the outcome.
func (r *SoakResult) Write(w io.Writer) {
	t := newTable("soak", "")
	for _, row := range []struct {
		name string
		n    int64
	}{
		{"visits of clients", r.Visits}, {"their requests", r.Asked}, {"snapshots", r.Snapshots}, {"origin requests", r.Requests},
		{"writes", r.Writes.Sent}, {"writes answered 2xx", r.Writes.Good}, {"writes that arrived", r.Writes.Arrived},
		{"members of the audience that came back", r.Dropped},
	} {
		t.add(row.name, count(row.n))
	}
	t.write(w)
	first, last := r.Left[0], r.Left[1]
	left := newTable("pollmux, with nothing to do", "after the warm-up", "after the soak", "")
	left.add("goroutines", count(first.Goroutines), count(last.Goroutines), change(first.Goroutines, last.Goroutines))
	left.add("descriptors", count(first.Descriptors), count(last.Descriptors), change(first.Descriptors, last.Descriptors))
	left.add("heap live", mebibytes(first.Live), mebibytes(last.Live), change(first.Live, last.Live))
	left.add("heap and stacks in use", mebibytes(first.InUse), mebibytes(last.InUse), change(first.InUse, last.InUse))
	left.add("resident memory", mebibytes(first.RSS), mebibytes(last.RSS), change(first.RSS, last.RSS))
	left.write(w)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *SoakResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *SoakResult) Judge() Verdict { return r.Verdict }
