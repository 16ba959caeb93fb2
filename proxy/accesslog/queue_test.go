package accesslog

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// through sends requests through a queue.
func through(requests []request) (out []request, q *queue) {
	q = newQueue(func(r *request) { out = append(out, *r) })
	for i := range requests {
		q.add(&requests[i])
	}
	q.close()
	return out, q
}

func TestLinesThatAreSecondsOutOfOrderAreInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var in []request
	for i := range 10_000 {
		in = append(in, request{time: 1e18 + int64(i)*1e7 - random.Int64N(3e9), fine: true, line: int64(i)})
	}
	out, q := through(in)
	if len(out) != len(in) || q.late != 0 || !slices.IsSortedFunc(out, func(a, b request) int { return int(a.time - b.time) }) {
		t.Error(len(out), q.late)
	}
}

func TestWholeSecondsAreSpreadInTheOrderOfTheLog(t *testing.T) {
	out, _ := through([]request{{time: 5e9}, {time: 5e9}, {time: 6e9}, {time: 5e9}})
	var at []int64
	for _, r := range out {
		at = append(at, r.time/1e6)
	}
	if !slices.Equal(at, []int64{5166, 5500, 5833, 6500}) {
		t.Error(at)
	}
}

func TestADateFromTheFutureIsForgottenAgain(t *testing.T) {
	var in []request
	for i := range 2000 {
		in = append(in, request{time: 1e18 + int64(i)*1e8, fine: true})
	}
	in[50].time += 100 * 365 * 86400e9
	out, q := through(in)
	last := out[len(out)-1]
	if len(out) != len(in) || q.returns != 1 || q.late > 10 || last.order != in[1999].time {
		t.Error(len(out), q.returns, q.late, last.order)
	}
}

func TestAGapInTheLogTakesNoTime(t *testing.T) {
	out, q := through([]request{{time: 1e9, fine: true}, {time: 9e18, fine: true}, {time: 9e18 + 1, fine: true}})
	if len(out) != 3 || q.late != 0 || out[2].order != 9e18+1 {
		t.Error(out)
	}
}

// Whoever can send requests chooses how long they are; what waits is bounded all the
// same, and does not keep the pieces of the log that it was read from.
func TestLongLinesTakeNoMoreRoomThanShortOnes(t *testing.T) {
	q := newQueue(func(*request) {})
	path := make([]byte, longestPath)
	for i := range 2 * roomForPaths / longestPath {
		q.add(&request{time: 1e18 + int64(i%2), path: path})
		if q.paths > roomForPaths+longestPath {
			t.Fatal(i, q.paths)
		}
	}
	if q.close(); q.paths != 0 {
		t.Error(q.paths)
	}
	var s script
	s.ask(0, "10.0.0.1", "GET", "/"+strings.Repeat("x", 2*longestPath)+"?"+strings.Repeat("y", 1000), 200)
	s.ask(0, "10.0.0.1", "GET", "/x?"+strings.Repeat("y", 1000), 200)
	formats, err := ParseFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	b := newParser(formats[0], "log").parse([]byte(s.String()))
	for _, r := range b.requests {
		if cap(r.path) > longestPath+1 {
			t.Errorf("%d bytes of a path are kept, of %d", len(r.path), cap(r.path))
		}
	}
}
