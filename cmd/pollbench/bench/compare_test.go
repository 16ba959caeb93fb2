package bench

import (
	"strings"
	"testing"
)

func TestARatioIsBadOnlyIfItIsWorseThanTheBaselineByMoreThanTheTolerance(t *testing.T) {
	then := map[string]Spread{"x": {Median: 2, Low: 1, High: 3}}
	for _, test := range []struct {
		now   map[string]Spread
		good  bool
		found string
	}{
		{map[string]Spread{"x": {Median: 2.4, Low: 2, High: 9}}, true, "2.40 (2.00 to 9.00)"},
		{map[string]Spread{"x": {Median: 1, Low: 1, High: 1}, "y": {Median: 99}}, true, "1.00 (1.00 to 1.00)"},
		{map[string]Spread{"x": {Median: 2.6, Low: 1, High: 3}}, false, "2.60 (1.00 to 3.00)"},
		{map[string]Spread{"x": {}}, false, "too short to tell"},
		{nil, true, "not measured here"},
	} {
		v := Compare(then, test.now, 1.25)
		if len(v) != 1 || v.Good() != test.good || v[0].Found != test.found || v[0].Claim != "x: at most 2.50, it was 2.00" {
			t.Errorf("%v: %+v", test.now, v)
		}
	}
	if v := Compare(map[string]Spread{"x": {}}, then, 1.25); !v.Good() || !strings.Contains(v[0].Found, "nothing") {
		t.Error(v)
	}
}

func TestAVerdictIsBadIfOnePointIs(t *testing.T) {
	var v Verdict
	v.add(true, "a", "%d", 1)
	if text := written(v.Write); !v.Good() || text != "verdict: good good a 1" {
		t.Error(text)
	}
	v.add(false, "b", "%d", 2)
	if text := written(v.Write); v.Good() || text != "verdict: BAD good a 1 BAD b 2" {
		t.Error(text)
	}
}
