package top

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// none stands for what is not known.
const none = "-"

// rateText writes a rate in at most six characters.
func rateText(r float64) string {
	switch {
	case math.IsNaN(r):
		return none
	case r < 999.95:
		return fmt.Sprintf("%.1f", r)
	}
	return countText(int64(r + 0.5))
}

// countText writes a count in at most five characters.
func countText(n int64) string {
	if n < 100_000 && n > -100_000 {
		return fmt.Sprint(n)
	}
	value := float64(n)
	for _, unit := range []string{"k", "M", "G", "T"} {
		if value /= 1000; math.Abs(value) < 99.95 {
			return fmt.Sprintf("%.1f%s", value, unit)
		} else if math.Abs(value) < 999.5 {
			return fmt.Sprintf("%.0f%s", value, unit)
		}
	}
	return fmt.Sprintf("%.0fP", value/1000)
}

// shareText writes a share in per cent.
func shareText(share float64) string {
	if math.IsNaN(share) {
		return none
	}
	return fmt.Sprintf("%.1f", 100*share)
}

// percent says that a share is one, if it is known.
func percent(share string) string {
	if share == none {
		return none
	}
	return share + "%"
}

// timeText writes a time in at most six characters.
func timeText(seconds float64) string {
	switch {
	case seconds <= 0:
		return none
	case seconds < 0.0995:
		return fmt.Sprintf("%.2gms", 1000*seconds)
	case seconds < 0.9995:
		return fmt.Sprintf("%.0fms", 1000*seconds)
	case seconds < 99.95:
		return fmt.Sprintf("%.1fs", seconds)
	}
	return spanText(time.Duration(min(seconds, 1e9) * float64(time.Second)))
}

// spanText writes a long time by its two largest units.
func spanText(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}

// bytesText writes a size.
func bytesText(n int64) string {
	value := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if value < 1024 {
			return fmt.Sprintf("%.4g %s", value, unit)
		}
		value /= 1024
	}
	return fmt.Sprintf("%.4g TiB", value)
}

// shown is a name that a terminal can be sent.
func shown(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
