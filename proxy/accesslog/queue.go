package accesslog

import (
	"cmp"
	"slices"
)

// patience is for how long requests wait for those that came before them and are
// further down in the log, in seconds of log time; room is how many may, and
// roomForPaths how long their paths may be together.
const (
	patience     = 5
	room         = 1 << 18
	roomForPaths = 64 << 20
)

// queue puts requests into the order in which they came. Dates without parts of a
// second are spread over their second, in the order of the log.
type queue struct {
	seconds [2 * patience][]request // by their second, modulo
	first   int64                   // the earliest second that is not over
	count   int
	paths   int   // bytes
	late    int64 // requests that came after their second was over
	behind  int   // the last so many of them were late
	returns int64 // how often the dates of the log went back
	out     func(r *request)
}

func newQueue(out func(r *request)) *queue { return &queue{out: out} }

// add takes in a request. Others may leave meanwhile.
func (q *queue) add(r *request) {
	second := r.time / 1e9
	if r.took > 0 {
		second = max(second, (r.time+r.took)/1e9-patience+1) // who was held for long is not waited for
	}
	if q.count == 0 {
		q.first = second
	}
	if second = q.notBefore(second); second < q.first {
		second = q.first
	}
	for second >= q.first+patience || q.count >= room || q.paths >= roomForPaths {
		q.release()
		if q.count == 0 {
			q.first = max(q.first, second)
			break
		}
	}
	second = max(second, q.first)
	i := second % int64(len(q.seconds))
	q.seconds[i] = append(q.seconds[i], *r)
	q.count++
	q.paths += len(r.path)
}

// sure is how many late requests in a row there are before it is the one before them
// that was early: a date from the future, or the end of summer time.
const sure = 200

// notBefore notes whether a request is late, and goes back in time if all are.
func (q *queue) notBefore(second int64) int64 {
	if second >= q.first-patience {
		q.behind = 0
		return second
	}
	q.late++
	if q.behind++; q.behind >= sure {
		q.late -= sure
		q.returns++
		q.behind = 0
		q.close()
		q.first = second
	}
	return second
}

// release lets the first second go.
func (q *queue) release() {
	i := q.first % int64(len(q.seconds))
	bucket := q.seconds[i]
	for j := range bucket {
		r := &bucket[j]
		r.order = max(r.time, q.first*1e9)
		if !r.fine {
			part := int64(1e9) * int64(2*j+1) / int64(2*len(bucket))
			r.order = max(r.order, q.first*1e9+part)
			if r.time/1e9 == q.first {
				r.time = r.order
			}
		}
		r.order = min(r.order, q.first*1e9+999_999_999)
	}
	byOrder := func(a, b request) int { return cmp.Compare(a.order, b.order) }
	if !slices.IsSortedFunc(bucket, byOrder) {
		slices.SortStableFunc(bucket, byOrder)
	}
	for j := range bucket {
		q.paths -= len(bucket[j].path)
		q.out(&bucket[j])
	}
	q.count -= len(bucket)
	clear(bucket) // or chunks of the file stay
	q.seconds[i] = bucket[:0]
	q.first++
}

// close lets all of them go.
func (q *queue) close() {
	for q.count > 0 {
		q.release()
	}
}
