package accesslog

import (
	"fmt"
	"strconv"
	"time"
)

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short is a number in a few columns.
func short(n int64) string {
	switch {
	case n < 100_000:
		return strconv.FormatInt(n, 10)
	case n < 10_000_000:
		return fmt.Sprintf("%.0fk", float64(n)/1e3)
	}
	return fmt.Sprintf("%.0fM", float64(n)/1e6)
}

func portion(n, of int64) string { return grouped(n) + " (" + percent(n, of) + ")" }

// percent never says 0 or 100 of what is not.
func percent(n, of int64) string {
	switch p := 100 * float64(n) / float64(max(of, 1)); {
	case n == 0:
		return "0%"
	case p < 0.1:
		return "<0.1%"
	case p > 99.9 && n < of:
		return ">99.9%"
	case p >= 99.95 || p >= 10 && p < 99:
		return fmt.Sprintf("%.0f%%", p)
	default:
		return fmt.Sprintf("%.1f%%", p)
	}
}

// briefly is a time in a few columns.
func briefly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d == 0:
		return "–"
	case d < time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", seconds)
	}
	return fmt.Sprintf("%.0fm", seconds/60)
}

func bytesOf(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	x, i := float64(n), 0
	for ; x >= 1024 && i < len(units)-1; i++ {
		x /= 1024
	}
	return fmt.Sprintf("%.3g %s", x, units[i])
}
