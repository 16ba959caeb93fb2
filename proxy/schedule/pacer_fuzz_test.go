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

// FuzzPacer has anything happen to an upstream and its feeds, in any order, and
// compares what the schedule does to what it may do.
func FuzzPacer(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(happenings(seed, 200))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) { newWorld(t, bytes[:min(len(bytes), 200)]).run() })
}
