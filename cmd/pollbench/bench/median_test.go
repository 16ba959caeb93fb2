package bench

import "testing"

func TestTheMedianIsInTheMiddle(t *testing.T) {
	for _, test := range []struct {
		values []int64
		want   int64
	}{{nil, 0}, {[]int64{7}, 7}, {[]int64{9, 1, 5}, 5}, {[]int64{9, 1, 5, 7}, 6}} {
		if got := medianInt(test.values); got != test.want {
			t.Errorf("%v: %d, not %d", test.values, got, test.want)
		}
	}
}

func TestASpreadOfNothingSaysSo(t *testing.T) {
	if got := newSpread(nil).String(); got != "too short to tell" {
		t.Error(got)
	}
	if got := newSpread([]float64{3, 1.23456, 2}); got != (Spread{Median: 2, Low: 1.235, High: 3}) || got.String() != "2.00 (1.23 to 3.00)" && got.String() != "2.00 (1.24 to 3.00)" {
		t.Error(got)
	}
}
