package schedule

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func date(after time.Duration) string { return now.Add(after).Format(http.TimeFormat) }

const aLongTime = math.MaxInt32 * time.Second

func TestRetryAfter(t *testing.T) {
	cases := map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"1":                              time.Second,
		"120":                            2 * time.Minute,
		" 5 ":                            5 * time.Second,
		"007":                            7 * time.Second,
		"2147483647":                     aLongTime,
		"2147483648":                     aLongTime,
		"99999999999999999999":           aLongTime,
		strings.Repeat("9", 999):         aLongTime,
		"-1":                             0,
		"+1":                             0,
		"1.5":                            0,
		"1e3":                            0,
		"0x10":                           0,
		"1_0":                            0,
		"5, 10":                          0,
		"5s":                             0,
		"soon":                           0,
		"\x00":                           0,
		date(90 * time.Second):           90 * time.Second,
		date(0):                          0,
		date(-time.Hour):                 0,
		date(48 * time.Hour):             48 * time.Hour,
		"Monday, 23-Nov-26 12:00:30 GMT": 30 * time.Second,
		"Mon Nov 23 12:00:30 2026":       30 * time.Second,
		"Mon, 23 Nov 2026 12:00:30 CET":  0,
		"Thu, 01 Jan 1970 00:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  math.MaxInt64, // saturated
	}
	for value, want := range cases {
		if got := RetryAfter(value, now); got != want {
			t.Errorf("%.40q: %v, want %v", value, got, want)
		}
	}
}

func TestFloor(t *testing.T) {
	cases := map[string]struct {
		Fields
		want time.Duration
	}{
		"nothing":                         {Fields{}, 0},
		"Retry-After":                     {Fields{RetryAfter: "10"}, 10 * time.Second},
		"Retry-After, a date":             {Fields{RetryAfter: date(time.Minute)}, time.Minute},
		"Retry-After, a past date":        {Fields{RetryAfter: date(-time.Minute)}, 0},
		"a date by a clock of yesterday":  {Fields{RetryAfter: date(time.Minute - 24*time.Hour), Date: date(-24 * time.Hour)}, time.Minute},
		"a date by a clock of tomorrow":   {Fields{RetryAfter: date(time.Minute + 24*time.Hour), Date: date(24 * time.Hour)}, time.Minute},
		"a date in a cache's old answer":  {Fields{RetryAfter: date(time.Minute), Date: date(-time.Minute), Age: "60"}, time.Minute},
		"a date by a clock of garbage":    {Fields{RetryAfter: date(time.Minute), Date: "noon"}, time.Minute},
		"Retry-After, garbage":            {Fields{RetryAfter: "later"}, 0},
		"X-Poll-Interval":                 {Fields{PollInterval: "60"}, time.Minute},
		"X-Poll-Interval, garbage":        {Fields{PollInterval: "1m"}, 0},
		"max-age":                         {Fields{MaxAge: time.Minute}, time.Minute},
		"max-age, half of it over":        {Fields{MaxAge: time.Minute, Age: "30"}, 30 * time.Second},
		"max-age, all of it over":         {Fields{MaxAge: time.Minute, Age: "60"}, 0},
		"max-age, more than that over":    {Fields{MaxAge: time.Minute, Age: "3600"}, 0},
		"max-age, an age without end":     {Fields{MaxAge: time.Minute, Age: "99999999999"}, 0},
		"max-age, an age of garbage":      {Fields{MaxAge: time.Minute, Age: "-5"}, time.Minute},
		"an age alone":                    {Fields{Age: "30"}, 0},
		"the longest of all: Retry-After": {Fields{RetryAfter: "30", PollInterval: "20", MaxAge: 10 * time.Second}, 30 * time.Second},
		"the longest of all: interval":    {Fields{RetryAfter: "3", PollInterval: "20", MaxAge: 10 * time.Second}, 20 * time.Second},
		"the longest of all: max-age":     {Fields{RetryAfter: "3", PollInterval: "2", MaxAge: 10 * time.Second, Age: "1"}, 9 * time.Second},
		"an hour":                         {Fields{RetryAfter: "3600"}, time.Hour},
		"more than an hour":               {Fields{RetryAfter: "3601"}, time.Hour},
		"much more":                       {Fields{RetryAfter: "99999999999999999999"}, time.Hour},
		"a date in the far future":        {Fields{RetryAfter: "Fri, 31 Dec 9999 23:59:59 GMT"}, time.Hour},
		"a year of max-age":               {Fields{MaxAge: 365 * 24 * time.Hour}, time.Hour},
		"the longest max-age":             {Fields{MaxAge: math.MaxInt64}, time.Hour},
		"the longest max-age and age":     {Fields{MaxAge: math.MaxInt64, Age: "2147483647"}, time.Hour},
	}
	for name, c := range cases {
		if got := Floor(c.Fields, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func FuzzFloor(f *testing.F) {
	f.Add("120", "60", "30", int64(time.Minute))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "-1", "x", int64(math.MinInt64))
	f.Add("Mon Nov 23 12:00:30 2026", "99999999999999999999", " 5 ", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, retryAfter, interval, age string, maxAge int64) {
		fields := Fields{RetryAfter: retryAfter, PollInterval: interval, Age: age, MaxAge: time.Duration(max(maxAge, 0))}
		got := Floor(fields, now)
		if got < 0 || got > maxFloor || got < min(RetryAfter(retryAfter, now), maxFloor) {
			t.Fatalf("%+v: %v", fields, got)
		}
		if fields.MaxAge = 0; Floor(fields, now) > got {
			t.Fatalf("%+v: less max-age, more floor than %v", fields, got)
		}
	})
}
