package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Interval is one of the paces that can be chosen, as its path segment and its
// route's interval are written.
type Interval string

// intervals are the positions of the sliders, the shortest first. Each has a
// route in config.yaml.
func intervals() []Interval {
	return []Interval{"250ms", "500ms", "1s", "2s", "5s", "10s"}
}

// Duration is the interval as a time.
func (i Interval) Duration() time.Duration {
	d, _ := time.ParseDuration(string(i)) // one of intervals
	return d
}

// check refuses what is none of the positions.
func (i Interval) check() error {
	all := intervals()
	if slices.Contains(all, i) {
		return nil
	}
	names := make([]string, len(all))
	for n, one := range all {
		names[n] = string(one)
	}
	return fmt.Errorf("%.20q is not an interval of this demo; choose %s", string(i), strings.Join(names, ", "))
}
