package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String returns the size as it would be written in a file: in the largest
// unit of GiB, MiB and KiB that divides it.
func (s Size) String() string {
	for _, unit := range []string{"GiB", "MiB", "KiB"} {
		if n, _ := unitSize(unit); s != 0 && s%n == 0 {
			return strconv.FormatInt(int64(s/n), 10) + unit
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parseSize reads a whole number of bytes, or of a unit.
func parseSize(s string) (Size, error) {
	number := strings.TrimRight(s, letters)
	unit, known := unitSize(s[len(number):])
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange),
		err == nil && known && (n > math.MaxInt64/int64(unit) || n < math.MinInt64/int64(unit)):
		return 0, fmt.Errorf("%s is too large; a size is below 8589934592GiB", quote(s))
	case err != nil || !known:
		return 0, fmt.Errorf("%s is not a size; write a number of bytes, or one with KiB, MiB, GiB (1024) or KB, MB, GB (1000)", quote(s))
	}
	return Size(n) * unit, nil
}

// unitSize returns the bytes in a unit.
func unitSize(unit string) (Size, bool) {
	switch unit {
	case "", "B":
		return 1, true
	case "KB":
		return 1e3, true
	case "MB":
		return 1e6, true
	case "GB":
		return 1e9, true
	case "KiB":
		return 1 << 10, true
	case "MiB":
		return 1 << 20, true
	case "GiB":
		return 1 << 30, true
	default:
		return 0, false
	}
}
