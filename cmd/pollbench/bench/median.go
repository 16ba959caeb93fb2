package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// median is the middle of what is given, or the mean of the two in the middle; 0
// of nothing.
func median[N cmp.Ordered](values []N, mean func(a, b N) N) N {
	var none N
	if len(values) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return mean(sorted[middle-1], sorted[middle])
}

func medianFloat(values []float64) float64 {
	return median(values, func(a, b float64) float64 { return (a + b) / 2 })
}

func medianInt(values []int64) int64 {
	return median(values, func(a, b int64) int64 { return a + (b-a)/2 })
}

// Spread is the ratios of several rounds. The zero value means that nothing could
// be measured: the rounds were too short.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func newSpread(ratios []float64) Spread {
	if len(ratios) == 0 {
		return Spread{}
	}
	return Spread{Median: rounded(medianFloat(ratios)), Low: rounded(slices.Min(ratios)), High: rounded(slices.Max(ratios))}
}

// String is the spread as it stands in a table.
func (s Spread) String() string {
	if s == (Spread{}) {
		return "too short to tell"
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Low, s.High)
}

// rounded keeps three decimals: more would be noise in a file that is compared.
func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }
