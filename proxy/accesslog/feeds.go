package accesslog

import (
	"math"

	"github.com/pollmux/pollmux/proxy/share"
)

// aloneTime is for how long requests go to the origin each on its own after an
// answer that may not be shared.
const aloneTime = 60e9

// snapshot is what the proxy would know of one key: until when its snapshot answers
// polls, for each interval of the ladder.
type snapshot struct {
	key   uint64
	fresh [rungs]int64
	alone int64
	last  int64
}

// feeds plays the rules of coalescing for all keys. A feed that has been silent for
// longer than the longest interval makes no difference any more, and is forgotten.
type feeds struct {
	ladder  ladder
	byKey   map[uint64]*aged[snapshot]
	ages    ages[snapshot]
	keep    int64 // nanoseconds after the last request
	evicted int64 // before that
	most    int
}

func newFeeds(l ladder, most int) *feeds {
	return &feeds{ladder: l, byKey: map[uint64]*aged[snapshot]{}, keep: max(int64(l[len(l)-1]), aloneTime) + 60e9, most: most}
}

// play answers a read, and adds what would have been saved to the sums, one per
// interval. The rules are those of package feed: a snapshot answers until interval
// has passed since its poll began; who comes while a poll is under way joins it; an
// answer that may not be shared sends everybody on alone for a minute.
func (s *feeds) play(r *request, saved, savedBytes *[rungs]int64) {
	s.retire(r.order)
	f := s.find(r)
	if r.time < f.alone || r.status == 101 || r.status == 206 {
		return
	}
	took := max(r.took, 0)
	size := max(r.bytes, 0)
	for i, interval := range s.ladder {
		if r.time < f.fresh[i] {
			saved[i]++
			savedBytes[i] += size
		} else {
			f.fresh[i] = r.time + max(int64(interval), took)
		}
	}
	if isAlone(r.status) {
		f.alone = r.time + took + aloneTime
	}
}

// isAlone reports whether an answer may not be shared. The snapshot outlives
// failures, and 304 says that it is still good.
func isAlone(status uint16) bool {
	return status >= 300 && status < 499 && status != 304 && status != 429 && status != 408 && !share.IsAnswer(int(status))
}

// write notes one that passed through: what was polled before is out of date.
func (s *feeds) write(r *request) {
	if e := s.byKey[r.key]; e != nil && r.status < 400 {
		e.it.expire()
	}
}

func (f *snapshot) expire() {
	for i := range f.fresh {
		f.fresh[i] = math.MinInt64
	}
}

func (s *feeds) find(r *request) *snapshot {
	e := s.byKey[r.key]
	if e == nil {
		e = s.ages.begin()
		e.it.key, e.it.alone = r.key, math.MinInt64
		e.it.expire()
		s.byKey[r.key] = e
	} else {
		s.ages.renew(e)
	}
	e.it.last = r.order
	return &e.it
}

// retire forgets feeds that make no difference any more, and the oldest if there
// are too many.
func (s *feeds) retire(now int64) {
	for range 3 {
		e := s.ages.oldest
		switch {
		case e == nil:
			return
		case now-e.it.last > s.keep:
		case len(s.byKey) > s.most:
			s.evicted++
		default:
			return
		}
		delete(s.byKey, e.it.key)
		s.ages.drop(e)
	}
}
