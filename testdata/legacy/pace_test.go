package legacy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestBeatIsTheSameHoweverOftenItIsAsked(t *testing.T) {
	start := newHandClock().Now()
	pace := legacy.Pace{Min: 5 * time.Second, Max: 10 * time.Second}
	atOnce := legacy.Beat(pace, 7, start)(start.Add(time.Hour))
	var bySecond []time.Time
	step := legacy.Beat(pace, 7, start)
	for s := range 3601 {
		bySecond = append(bySecond, step(start.Add(time.Duration(s)*time.Second))...)
	}
	if !slices.Equal(atOnce, bySecond) {
		t.Errorf("asked once: %d instants, every second: %d, and they differ", len(atOnce), len(bySecond))
	}
	if other := legacy.Beat(pace, 8, start)(start.Add(time.Hour)); slices.Equal(atOnce, other) {
		t.Error("another seed gives the same instants")
	}
}

func TestBeatKeepsToItsPace(t *testing.T) {
	start := newHandClock().Now()
	for _, test := range []struct{ pace, want legacy.Pace }{
		{legacy.Pace{Min: 5 * time.Second, Max: 10 * time.Second}, legacy.Pace{Min: 5 * time.Second, Max: 10 * time.Second}},
		{legacy.Pace{Min: time.Second}, legacy.Pace{Min: time.Second, Max: time.Second}},
		{legacy.Pace{Min: time.Nanosecond}, legacy.Pace{Min: time.Millisecond, Max: time.Millisecond}},
	} {
		last := start
		for _, at := range legacy.Beat(test.pace, 1, start)(start.Add(30 * time.Second)) {
			if wait := at.Sub(last); wait < test.want.Min || wait > test.want.Max {
				t.Fatalf("%v: a wait of %v, want %v", test.pace, wait, test.want)
			}
			last = at
		}
		if last.Before(start.Add(30*time.Second - test.want.Max)) {
			t.Errorf("%v: the last instant is %v after the start, within 30s", test.pace, last.Sub(start))
		}
	}
}

func TestNeverIsNever(t *testing.T) {
	start := newHandClock().Now()
	for _, pace := range []legacy.Pace{legacy.Never(), legacy.Never().DividedBy(3)} {
		if passed := legacy.Beat(pace, 1, start)(start.AddDate(100, 0, 0)); len(passed) > 0 {
			t.Errorf("%v: %d instants", pace, len(passed))
		}
	}
}
