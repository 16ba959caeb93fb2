package feed

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxStamp is how long a value can be, in bytes, that is a time.
const maxStamp = 64

// stamp reads a JSON value as a time: seconds since 1970 or their thousandths,
// millionths or billionths, as a number or a string; or a string that is a date as
// RFC 3339, ISO 8601 or HTTP has it.
func stamp(value []byte) (time.Time, bool) {
	var text string
	switch {
	case len(value) == 0 || len(value) > maxStamp:
		return time.Time{}, false
	case value[0] != '"':
		return unixTime(string(value))
	case json.Unmarshal(value, &text) != nil:
		return time.Time{}, false
	}
	if t, ok := unixTime(text); ok {
		return t, true
	}
	if t, ok := isoTime(text); ok {
		return t, true
	}
	t, err := http.ParseTime(text)
	return t, err == nil
}

// unixTime reads a number, of which its size says the unit: each is used within
// centuries of now. A float64 is as fine as a microsecond for any of them.
func unixTime(text string) (time.Time, bool) {
	if strings.Trim(text, "0123456789.+-eE") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(text, 64)
	micros := n
	switch {
	case err != nil || n <= 0 || n >= 1e20:
		return time.Time{}, false
	case n < 1e11: // seconds, until the year 5138
		micros = n * 1e6
	case n < 1e14:
		micros = n * 1e3
	case n >= 1e17:
		micros = n / 1e3
	}
	return time.UnixMicro(int64(math.Round(micros))), true
}

// isoTime reads a date and a time, in UTC if they do not say where.
func isoTime(text string) (time.Time, bool) {
	const day = len("2006-01-02")
	if len(text) <= day || !strings.ContainsRune("Tt ", rune(text[day])) {
		return time.Time{}, false
	}
	clock := strings.Replace(strings.ToUpper(text[day+1:]), " ", "", 1) // before the zone
	for _, zone := range []string{"UTC", "GMT"} {
		if utc, ok := strings.CutSuffix(clock, zone); ok {
			clock = utc + "Z"
		}
	}
	for _, zone := range []string{"Z07:00", "", "Z0700", "Z07"} {
		if t, err := time.Parse("2006-01-02T15:04:05"+zone, text[:day]+"T"+clock); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
