package replay

import "math"

// priced are the intervals at which one more request per second is worth as much
// everywhere, which is the price that spends the budget: the higher it is, the longer
// they are.
func priced(s setting) []float64 {
	intervals := make([]float64, len(s.weights))
	low, high := math.Log(math.SmallestNonzeroFloat64), math.Log(math.MaxFloat64)
	for high-low > 1e-9 {
		price := (low + high) / 2
		if s.spend(math.Exp(price), intervals) > s.budget {
			low = price
		} else {
			high = price
		}
	}
	return intervals
}

// spend sets the intervals of a price, and returns the requests per second.
func (s setting) spend(price float64, intervals []float64) (sum float64) {
	for i, rate := range s.rates {
		intervals[i] = inverse(price*rate*rate/s.weights[i]) / rate
		sum += 1 / intervals[i]
	}
	return sum
}

// worth is g(x) = x²/2 + x·e⁻ˣ − 1 + e⁻ˣ: what polls are worth to those who are polled
// for at an interval in which x changes come in the mean. Over t seconds w subscribers
// gather a staleness of C(t), of C(t)/t per second, so that one more request per
// second saves t·C'(t) − C(t), which is w/rate² · g(rate·t).
func worth(x float64) float64 {
	if x < 0.01 { // where the rest is lost in rounding
		return x * x * x * (1./3 - x/8 + x*x/30)
	}
	return x*x/2 + (1+x)*math.Exp(-x) - 1
}

// inverse is the x for which worth is y. The function is convex, and the first
// guess too small: Newton's second is too large, and from there each is better.
func inverse(y float64) float64 {
	x := max(math.Cbrt(3*y), math.Sqrt(2*y))
	for range 5 {
		x -= (worth(x) - y) / (x * -math.Expm1(-x))
	}
	return x
}
