package accesslog

import (
	"math"
	"time"
)

// Periods are told apart by a ninth, from an eighth of a second to more than two
// hours.
const (
	periodBins = 96
	perOctave  = 6
)

func periodBin(seconds float64) int {
	return min(max(int(math.Round(perOctave*math.Log2(max(seconds, 0.01)*8))), 0), periodBins-1)
}

// periodOf is the period in the middle of a bin.
func periodOf(bin int) time.Duration {
	return time.Duration(math.Exp2(float64(bin)/perOctave) / 8 * float64(time.Second))
}

// period is the one in the middle of all polls; 0 if there are none.
func (e *endpoint) period() time.Duration {
	half := int64(0)
	for _, n := range e.periods {
		half += n
	}
	if half == 0 {
		return 0
	}
	half = (half + 1) / 2
	for bin, n := range e.periods {
		if half -= n; half <= 0 {
			return periodOf(bin)
		}
	}
	return 0
}
