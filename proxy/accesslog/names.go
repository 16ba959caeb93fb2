package accesslog

import (
	"bytes"
	"maps"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// names is a set of names of parameters, of which two bits each are kept (a Bloom
// filter).
type names [2]uint64

func (n *names) add(name []byte) {
	for _, i := range bitsOf(name) {
		n[i/64] |= 1 << (i % 64)
	}
}

// bitsOf are the bits of a name.
func bitsOf(name []byte) [2]uint8 {
	hash := xxhash.Sum64(name)
	return [2]uint8{uint8(hash & 127), uint8(hash >> 7 & 127)}
}

// sightings says how often names were seen; of some, too often.
type sightings [128]int64

func (s *sightings) add(n names) {
	for i, word := range n {
		for ; word != 0; word &= word - 1 {
			s[64*i+bits.TrailingZeros64(word)]++
		}
	}
}

func (s *sightings) of(name string) int64 {
	i := bitsOf([]byte(name))
	return min(s[i[0]], s[i[1]])
}

// longestName is how long a parameter's name may be to be ignored, in bytes.
const longestName = 64

// isIgnorable reports whether key.ignore_query can name a parameter, and no other by
// the same name.
func isIgnorable(name []byte) bool {
	return len(name) > 0 && len(name) <= longestName && bytes.IndexByte(name, '*') < 0
}

// seldom is one in how many values of a cache buster may be something else, from
// clients whose clock is wrong, and the other way round.
const seldom = 100

// meansNothing reports whether a parameter is a cache buster by its name, as long as
// its values look like one.
func meansNothing(name string) bool { return busterNames.Match(name) || clockNames.Match(name) }

// means reports whether the values of what looks like a cache buster are something
// else too often. Whoever may send requests can send one with the time in any
// parameter, which must not be ignored for that.
func (e *endpoint) means(name string) bool {
	return !busterNames.Match(name) && e.plain.of(name)*seldom > e.busters[name]
}

// ignorable are the parameters that are cache busters, besides "_".
func (e *endpoint) ignorable() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e.busters)), func(name string) bool { return e.means(name) || !meansNothing(name) })
}

// doubtful are those that are only now and then, or may mean something by their name,
// and not so seldom that they make no difference.
func (e *endpoint) doubtful() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e.busters)), func(name string) bool {
		return !e.means(name) && meansNothing(name) || e.busters[name]*seldom < max(e.plain.of(name), e.requests)
	})
}
