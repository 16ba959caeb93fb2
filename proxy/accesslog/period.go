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

// periods counts requests by the period at which they come.
type periods struct {
	requests [periodBins]int64
	seconds  [periodBins]float64 // their periods, added up
}

func (p *periods) add(seconds float64, requests int64) {
	bin := periodBin(seconds)
	p.requests[bin] += requests
	p.seconds[bin] += seconds * float64(requests)
}

func (p *periods) merge(o *periods) {
	for bin := range o.requests {
		p.requests[bin] += o.requests[bin]
		p.seconds[bin] += o.seconds[bin]
	}
}

// middle is the period of the request in the middle; 0 if there are none.
func (p *periods) middle() time.Duration {
	half := int64(0)
	for _, n := range p.requests {
		half += n
	}
	half = (half + 1) / 2
	for bin, n := range p.requests {
		if half -= n; half <= 0 && n > 0 {
			return time.Duration(p.seconds[bin] / float64(n) * float64(time.Second))
		}
	}
	return 0
}
