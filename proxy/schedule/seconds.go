package schedule

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter reads Retry-After; 0 if it says nothing. Seconds are whole ones in RFC
// 9110 section 10.2.3, but some write "1.5", and mean that they want to be left
// alone: that is 2, which is never too early.
func RetryAfter(value string, now time.Time) time.Duration {
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return (decimal(value) + time.Second - 1).Truncate(time.Second)
}

// seconds reads delta-seconds; 0 if value is none. One that is too large to be
// represented is a very long time (RFC 9111 section 1.2.2).
func seconds(value string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(n) * time.Second
}

// decimal is seconds, with a fraction or without.
func decimal(value string) time.Duration {
	value = strings.TrimSpace(value)
	whole, fraction, isDecimal := strings.Cut(value, ".")
	if !isDigits(whole) || isDecimal && !isDigits(fraction) {
		return 0
	}
	n, _ := strconv.ParseFloat(value, 64) // infinite if it is too large
	return time.Duration(min(n, math.MaxInt32) * float64(time.Second))
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
