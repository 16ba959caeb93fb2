package load

import "testing"

func TestAnAccountOfWritesTellsLostOnesRepeatedOnesAndGaps(t *testing.T) {
	for name, test := range map[string]struct {
		status  map[int64]int
		sockets [][]int64
		arrived map[int64]int
		want    Account
	}{
		"all well":                  {map[int64]int{1: 201, 2: 200}, nil, map[int64]int{1: 1, 2: 1}, Account{Good: 2, Arrived: 2}},
		"lost":                      {map[int64]int{1: 201, 2: 200}, nil, map[int64]int{2: 1}, Account{Good: 2, Arrived: 1, Lost: 1}},
		"failed, and not arrived":   {map[int64]int{1: 502}, nil, nil, Account{}},
		"failed, and yet arrived":   {map[int64]int{1: 502}, nil, map[int64]int{1: 1}, Account{Arrived: 1}},
		"repeated":                  {map[int64]int{1: 201}, nil, map[int64]int{1: 2, 5: 3}, Account{Good: 1, Arrived: 2, Repeated: 2}},
		"the rest of a socket lost": {nil, [][]int64{{1, 2, 3}}, map[int64]int{1: 1}, Account{Arrived: 1}},
		"a gap":                     {nil, [][]int64{{1, 2, 3, 4}, {7, 8}}, map[int64]int{1: 1, 3: 1, 4: 1, 7: 1, 8: 1}, Account{Arrived: 5, Gaps: 2}},
	} {
		var w Writes
		for number, status := range test.status {
			w.answered(number, status)
		}
		for _, numbers := range test.sockets {
			w.sent(numbers)
		}
		if got := w.Compare(test.arrived); got != test.want {
			t.Errorf("%s: %+v, not %+v", name, got, test.want)
		}
	}
}

func TestNumbersOfWritesAreGivenOnce(t *testing.T) {
	var w Writes
	if first, second := w.next(), w.next(); first != 1 || second != 2 || w.Compare(nil).Sent != 2 {
		t.Error(first, second, w.Compare(nil))
	}
}
