package report

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// count writes a number with its thousands apart.
func count(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// fewer is by how much less the one is than the other. It is rounded down: what is
// nearly all is not all.
func fewer(with, without int64) string {
	if without <= 0 {
		return "–"
	}
	share := math.Floor(1000*float64(without-with)/float64(without)) / 10
	return fmt.Sprintf("%.1f %%", share)
}

func fewerOrMore(with, without int64) string {
	if with <= without {
		return fewer(with, without) + " fewer"
	}
	return count(with-without) + " more"
}

func rate(n int64, seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	r := float64(n) / seconds
	if r >= 100 {
		return count(int64(r + 0.5))
	}
	return fmt.Sprintf("%.2g", r)
}

// span writes a time as people do.
func span(seconds float64) string {
	switch {
	case seconds <= 0:
		return "0 s"
	case seconds < 0.9995:
		return fmt.Sprintf("%.3g ms", 1000*seconds)
	case seconds < 100:
		return fmt.Sprintf("%.3g s", seconds)
	}
	d := time.Duration(min(seconds, 1e9) * float64(time.Second))
	switch minutes := d.Round(time.Minute) / time.Minute; {
	case minutes < 120:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	default:
		return fmt.Sprintf("%d d %d h", minutes/(24*60), minutes/60%24)
	}
}

// size writes bytes.
func size(n int64) string {
	value := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			return fmt.Sprintf("%.4g %s", value, unit)
		}
		value /= 1024
	}
	return fmt.Sprintf("%.4g PiB", value)
}

func ages(q ledger.Quantiles) string {
	if q == (ledger.Quantiles{}) {
		return "–"
	}
	return span(q.P50) + ", " + span(q.P99)
}

// escape makes a text that is nothing but text in Markdown, in a table as well, and in
// one line. What means something at the beginning of a line only is left as it is: no
// text stands there.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune("\\`*_[]<>|~&", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteRune(' ')
		}
	}
	return strings.TrimSpace(b.String())
}
