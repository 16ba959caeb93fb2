package schedule

import (
	"math/rand/v2"
	"testing"
)

// happenings are so many bytes of chance.
func happenings(seed uint64, n int) []byte {
	random, bytes := rand.New(rand.NewPCG(seed, 12)), make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}

// TestAPacerDoesOnlyWhatItMay has anything happen to an upstream and its feeds, in
// any order.
func TestAPacerDoesOnlyWhatItMay(t *testing.T) {
	worlds := 500
	if racing {
		worlds = 100
	}
	for seed := range uint64(worlds) {
		w := newWorld(t, happenings(seed, 300))
		w.seed = seed
		w.run()
	}
}

// FuzzPacer is that with happenings that reach ever more of the code. They are few:
// a fuzzer tries to do without each of them.
func FuzzPacer(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(happenings(seed, 80))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) { newWorld(t, bytes[:min(len(bytes), 80)]).run() })
}
