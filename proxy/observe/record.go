package observe

import (
	"math/bits"
	"time"
)

const (
	// records is how many answers of one resource are kept to see whether they
	// come back. The next is kept until the second after it, every second of
	// these until the fourth, and so on: clients come back at different paces.
	records = 5

	// others is how many that differ from such an answer are kept with it.
	others = 3
)

// record is an answer that others would have been given, and those who were
// given something else after it: if it comes back after them, then that was not
// because the resource had changed.
type record struct {
	answer
	others [others]other
	n      int
}

// other is an answer that differs, or several of them: then ended is the end of
// the last.
type other struct {
	answer
	weight int64
}

// add adds an answer that began after the record's had ended.
func (r *record) add(a answer) {
	if r.n < others {
		r.others[r.n] = other{answer: a, weight: 1}
		r.n++
		return
	}
	last := &r.others[others-1]
	last.weight++
	if a.ended.After(last.ended) {
		last.ended = a.ended
	}
}

// prove calls f for each that the record has outlived, and forgets them.
func (r *record) prove(a answer, f func(o *other)) {
	kept := 0
	for i := range r.others[:r.n] {
		if o := &r.others[i]; o.ended.After(a.began) {
			r.others[kept] = *o
			kept++
		} else {
			f(o)
		}
	}
	r.n = kept
}

// recordOf returns the record of an answer, nil if there is none.
func (r *resource) recordOf(token uint64) *record {
	for _, rec := range r.records {
		if rec != nil && rec.token == token {
			return rec
		}
	}
	return nil
}

// recordBefore returns a record of something else that had ended before an answer
// began, one after the other: nobody knows whose client comes back. It returns nil
// if there is none.
func (r *resource) recordBefore(a answer) *record {
	r.turn++
	for i := range uint(records) {
		if rec := r.records[(r.turn+i)%records]; rec != nil && rec.token != a.token && !a.began.Before(rec.ended) {
			return rec
		}
	}
	return nil
}

// slot is where the next record belongs.
func (r *resource) slot() int {
	r.polled++
	return min(bits.TrailingZeros(r.polled), records-1)
}

// span is for how long an answer that comes back was not away: after that the
// resource may have become again what it was.
func (p *Policy) span() time.Duration { return max(20*p.Interval, 20*time.Second) }
