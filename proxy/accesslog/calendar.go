package accesslog

import (
	"bytes"
	"strconv"
)

// calendar reads dates as servers write them. Lines that follow each other mostly
// have the same, so it remembers the last. It belongs to one parser.
type calendar struct {
	last  [40]byte
	n     int
	nanos int64
	fine  bool
}

// parse reads 02/Jan/2006:15:04:05 -0700, the same with milliseconds and without a
// zone, RFC 3339, and seconds, milliseconds, microseconds or nanoseconds since
// 1970. A date without a zone is taken for UTC: what counts is how far dates are
// apart.
func (c *calendar) parse(v []byte) (nanos int64, fine, ok bool) {
	if c.n > 0 && string(c.last[:c.n]) == string(v) {
		return c.nanos, c.fine, true
	}
	switch {
	case len(v) >= 20 && v[2] == '/' && v[6] == '/':
		nanos, fine, ok = parseCommon(v)
	case len(v) >= 19 && v[4] == '-' && v[7] == '-':
		nanos, fine, ok = parseISO(v)
	default:
		nanos, fine, ok = parseEpoch(v)
	}
	if ok && len(v) <= len(c.last) {
		c.n = copy(c.last[:], v)
		c.nanos, c.fine = nanos, fine
	}
	return nanos, fine, ok
}

// parseCommon reads 02/Jan/2006:15:04:05 and what follows.
func parseCommon(v []byte) (nanos int64, fine, ok bool) {
	month := bytes.Index([]byte("JanFebMarAprMayJunJulAugSepOctNovDec"), v[3:6])
	if month < 0 || month%3 != 0 || v[11] != ':' {
		return 0, false, false
	}
	day, year := digits(v[:2]), digits(v[7:11])
	return parseClock(year, month/3+1, day, v[12:])
}

// parseISO reads 2006-01-02T15:04:05 and what follows.
func parseISO(v []byte) (nanos int64, fine, ok bool) {
	if v[10] != 'T' && v[10] != ' ' && v[10] != 't' {
		return 0, false, false
	}
	return parseClock(digits(v[:4]), digits(v[5:7]), digits(v[8:10]), v[11:])
}

// parseClock reads 15:04:05, perhaps a fraction, and perhaps a zone.
func parseClock(year, month, day int, v []byte) (nanos int64, fine, ok bool) {
	if len(v) < 8 || v[2] != ':' || v[5] != ':' {
		return 0, false, false
	}
	hour, minute, second := digits(v[:2]), digits(v[3:5]), digits(v[6:8])
	if day < 1 || day > 31 || month < 1 || month > 12 || year < 1970 || year > 2200 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false, false
	}
	nanos = (int64(daysSince1970(year, month, day))*86400 + int64(hour)*3600 + int64(minute)*60 + int64(second)) * 1e9
	v = v[8:]
	if len(v) > 1 && (v[0] == '.' || v[0] == ',') {
		unit, i := int64(1e8), 1
		for ; i < len(v) && v[i] >= '0' && v[i] <= '9'; i++ {
			nanos += int64(v[i]-'0') * unit
			unit /= 10
		}
		fine, v = i > 1, v[i:]
	}
	east, ok := zone(v)
	return nanos - east*1e9, fine, ok
}

// zone reads "Z", "+0200", "+02:00", each perhaps behind a space, or nothing, in
// seconds east of Greenwich.
func zone(v []byte) (seconds int64, ok bool) {
	v = bytes.TrimPrefix(v, []byte{' '})
	if len(v) == 0 || len(v) == 1 && (v[0] == 'Z' || v[0] == 'z') {
		return 0, true
	}
	if len(v) == 6 && v[3] == ':' {
		v = []byte{v[0], v[1], v[2], v[4], v[5]}
	}
	if len(v) != 5 || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	hours, minutes := digits(v[1:3]), digits(v[3:5])
	if hours < 0 || hours > 15 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	seconds = int64(hours)*3600 + int64(minutes)*60
	if v[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// parseEpoch reads a number; how large it is says what it counts.
func parseEpoch(v []byte) (nanos int64, fine, ok bool) {
	whole, rest, point := bytes.Cut(v, []byte{'.'})
	if !point {
		n, ok := number(v)
		if !ok {
			if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && len(v) == 19 && n > 0 {
				return n, true, true
			}
		}
		switch {
		case !ok || n < 1e8:
			return 0, false, false
		case n < 1e11:
			return n * 1e9, false, true
		case n < 1e14:
			return n * 1e6, true, true
		case n < 1e17:
			return n * 1e3, true, true
		}
		return n, true, true
	}
	n, ok := number(whole)
	if !ok || n < 1e8 || n >= 1e10 {
		return 0, false, false
	}
	nanos = n * 1e9
	unit := int64(1e8)
	for _, d := range rest {
		if d < '0' || d > '9' {
			return 0, false, false
		}
		nanos += int64(d-'0') * unit
		unit /= 10
	}
	return nanos, len(rest) > 0, true
}

// digits reads a few of them; -1 if there is anything else.
func digits(v []byte) int {
	n := 0
	for _, c := range v {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// daysSince1970 counts days of the Gregorian calendar, in eras of 400 years that
// begin with March.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}
