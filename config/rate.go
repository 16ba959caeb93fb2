package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rate is a number per second, written as 50/s, 30/m (or 30/min) or 100/h. It is
// from 1/h to 1000000/s; 0 stands for none, and is written by leaving it out.
type Rate float64

const (
	lowestRate  = Rate(1.0 / 3600)
	highestRate = Rate(1e6)

	// allowedRates says what inRange wants.
	allowedRates = "1/h to 1000000/s is allowed; leave it out for none"
)

// String returns the rate as it would be written in a file, in the first of
// seconds, minutes and hours that makes it a whole number. parseRate reads it as
// the same rate, bit for bit.
func (r Rate) String() string {
	for _, unit := range []string{"s", "m", "h"} {
		per, _ := secondsIn(unit)
		if n := math.Round(float64(r) * per); Rate(n/per) == r {
			return formatDecimal(n) + "/" + unit
		}
	}
	return formatDecimal(float64(r)) + "/s"
}

// inRange reports whether a rate may be used; NaN may not.
func (r Rate) inRange() bool { return r >= lowestRate && r <= highestRate }

// parseRate reads a decimal number per second, minute or hour.
func parseRate(s string) (Rate, error) {
	number, unit, _ := strings.Cut(s, "/")
	per, known := secondsIn(unit)
	n, err := parseDecimal(number)
	switch r := Rate(n / per); {
	case err == nil && number == s && n != 0:
		return 0, fmt.Errorf("%s has no unit; write %s/s, or another rate such as 30/m or 100/h", quote(s), s)
	case err != nil || !known && n != 0:
		return 0, fmt.Errorf("%s is not a rate; write one such as 50/s, 30/m or 100/h", quote(s))
	case !r.inRange():
		return 0, fmt.Errorf("%s is out of range; %s", quote(s), allowedRates)
	default:
		return r, nil
	}
}

// secondsIn returns how long the unit of a rate is.
func secondsIn(unit string) (float64, bool) {
	switch unit {
	case "s":
		return 1, true
	case "m", "min":
		return 60, true
	case "h":
		return 3600, true
	default:
		return 1, false
	}
}

// parseDecimal reads a number in plain decimals. As in parseInt, a leading zero
// is refused. What is too large is infinite.
func parseDecimal(s string) (float64, error) {
	whole, _, _ := strings.Cut(strings.TrimLeft(s, "+-"), ".")
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, err
	case strings.Trim(s, digits+"+-.") != "", len(whole) > 1 && whole[0] == '0':
		return 0, strconv.ErrSyntax
	}
	return n, nil
}

// formatDecimal writes a number as parseDecimal reads it.
func formatDecimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
