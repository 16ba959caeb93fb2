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
		"1.5":                            2 * time.Second,
		"0.001":                          time.Second,
		"0.0":                            0,
		"2.0":                            2 * time.Second,
		strings.Repeat("9", 999) + ".5":  aLongTime,
		"1.":                             0,
		".5":                             0,
		"1.5.5":                          0,
		"1.-5":                           0,
		"1,5":                            0,
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
		"mon, 23 nov 2026 12:00:30 GMT":  30 * time.Second,
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

// lines are those of one field.
type lines = []string

func TestFloor(t *testing.T) {
	const year1 = "Mon, 01 Jan 0001 00:00:00 GMT"
	const year9999 = "Fri, 31 Dec 9999 23:59:59 GMT"
	cases := map[string]struct {
		Fields
		want time.Duration
	}{
		"nothing":                         {Fields{}, 0},
		"Retry-After":                     {Fields{RetryAfter: lines{"10"}}, 10 * time.Second},
		"Retry-After, a date":             {Fields{RetryAfter: lines{date(time.Minute)}}, time.Minute},
		"Retry-After, a past date":        {Fields{RetryAfter: lines{date(-time.Minute)}}, 0},
		"a date by a clock of yesterday":  {Fields{RetryAfter: lines{date(time.Minute - 24*time.Hour)}, Date: date(-24 * time.Hour)}, time.Minute},
		"a date by a clock of tomorrow":   {Fields{RetryAfter: lines{date(time.Minute + 24*time.Hour)}, Date: date(24 * time.Hour)}, time.Minute},
		"a date in a cache's old answer":  {Fields{RetryAfter: lines{date(time.Minute)}, Date: date(-time.Minute), Age: "60"}, time.Minute},
		"a date by a clock of garbage":    {Fields{RetryAfter: lines{date(time.Minute)}, Date: "noon"}, time.Minute},
		"Retry-After, garbage":            {Fields{RetryAfter: lines{"later"}}, 0},
		"Retry-After, a decimal":          {Fields{RetryAfter: lines{"1.2"}}, 2 * time.Second},
		"Retry-After, twice":              {Fields{RetryAfter: lines{"5", date(time.Minute), "later"}}, time.Minute},
		"X-Poll-Interval":                 {Fields{PollInterval: lines{"60"}}, time.Minute},
		"X-Poll-Interval, a decimal":      {Fields{PollInterval: lines{"0.5"}}, 500 * time.Millisecond},
		"X-Poll-Interval, twice":          {Fields{PollInterval: lines{"2.5", "", "0.5"}}, 2500 * time.Millisecond},
		"X-Poll-Interval, garbage":        {Fields{PollInterval: lines{"1m"}}, 0},
		"X-Poll-Interval, less than none": {Fields{PollInterval: lines{"-5"}}, 0},
		"X-Poll-Interval without end":     {Fields{PollInterval: lines{strings.Repeat("9", 999)}}, time.Hour},
		"max-age":                         {Fields{MaxAge: "60"}, time.Minute},
		"max-age, half of it over":        {Fields{MaxAge: "60", Age: "30"}, 30 * time.Second},
		"max-age, all of it over":         {Fields{MaxAge: "60", Age: "60"}, 0},
		"max-age, more than that over":    {Fields{MaxAge: "60", Age: "3600"}, 0},
		"max-age, an age without end":     {Fields{MaxAge: "60", Age: "99999999999"}, 0},
		"max-age, an age of garbage":      {Fields{MaxAge: "60", Age: "-5"}, time.Minute},
		"max-age, garbage":                {Fields{MaxAge: "1m"}, 0},
		"max-age, a decimal":              {Fields{MaxAge: "60.5"}, 0},
		"max-age, garbage, and Expires":   {Fields{MaxAge: "x", Expires: date(time.Minute)}, 0},
		"an age alone":                    {Fields{Age: "30"}, 0},

		"Expires":                          {Fields{Expires: date(time.Minute), Date: date(0)}, time.Minute},
		"Expires, at once":                 {Fields{Expires: date(0), Date: date(0)}, 0},
		"Expires, before Date":             {Fields{Expires: date(-time.Minute), Date: date(0)}, 0},
		"Expires, half of it over":         {Fields{Expires: date(time.Minute), Date: date(0), Age: "30"}, 30 * time.Second},
		"Expires, all of it over":          {Fields{Expires: date(time.Minute), Date: date(0), Age: "90"}, 0},
		"Expires by a clock of yesterday":  {Fields{Expires: date(time.Minute - 24*time.Hour), Date: date(-24 * time.Hour)}, time.Minute},
		"Expires by a clock of tomorrow":   {Fields{Expires: date(24*time.Hour - time.Minute), Date: date(24 * time.Hour)}, 0},
		"Expires without Date":             {Fields{Expires: date(time.Minute)}, time.Minute},
		"Expires without Date, partly":     {Fields{Expires: date(time.Minute), Age: "10"}, 50 * time.Second},
		"Expires, a clock of garbage":      {Fields{Expires: date(time.Minute), Date: "noon"}, time.Minute},
		"Expires, as RFC 850 has it":       {Fields{Expires: "Monday, 23-Nov-26 12:00:30 GMT", Date: date(0)}, 30 * time.Second},
		"Expires, as asctime has it":       {Fields{Expires: "Mon Nov 23 12:00:30 2026", Date: date(0)}, 30 * time.Second},
		"Expires: 0":                       {Fields{Expires: "0", Date: date(0)}, 0},
		"Expires: -1":                      {Fields{Expires: "-1", Date: date(0)}, 0},
		"Expires, a number of seconds":     {Fields{Expires: "3600", Date: date(0)}, 0},
		"Expires, two lines as one":        {Fields{Expires: date(time.Minute) + ", " + date(time.Minute), Date: date(0)}, 0},
		"Expires, and more by max-age":     {Fields{Expires: date(time.Minute), Date: date(0), MaxAge: "90"}, 90 * time.Second},
		"Expires, and less by max-age":     {Fields{Expires: date(time.Minute), Date: date(0), MaxAge: "0"}, 0},
		"Expires in the far future":        {Fields{Expires: year9999, Date: date(0)}, time.Hour},
		"Expires in the far past, and age": {Fields{Expires: year1, Date: year9999, Age: "2147483647"}, 0},
		"Expires long after an old clock":  {Fields{Expires: year9999, Date: year1, Age: "2147483647"}, time.Hour},

		"the longest of all: Retry-After": {Fields{RetryAfter: lines{"30"}, PollInterval: lines{"20"}, MaxAge: "10"}, 30 * time.Second},
		"the longest of all: interval":    {Fields{RetryAfter: lines{"3"}, PollInterval: lines{"20"}, MaxAge: "10"}, 20 * time.Second},
		"the longest of all: max-age":     {Fields{RetryAfter: lines{"3"}, PollInterval: lines{"2"}, MaxAge: "10", Age: "1"}, 9 * time.Second},
		"the longest of all: Expires":     {Fields{RetryAfter: lines{"3"}, PollInterval: lines{"2"}, Expires: date(10 * time.Second)}, 10 * time.Second},
		"an hour":                         {Fields{RetryAfter: lines{"3600"}}, time.Hour},
		"more than an hour":               {Fields{RetryAfter: lines{"3601"}}, time.Hour},
		"much more":                       {Fields{RetryAfter: lines{"99999999999999999999"}}, time.Hour},
		"a date in the far future":        {Fields{RetryAfter: lines{year9999}}, time.Hour},
		"a year of max-age":               {Fields{MaxAge: "31536000"}, time.Hour},
		"the longest max-age":             {Fields{MaxAge: "99999999999"}, time.Hour},
		"the longest max-age and age":     {Fields{MaxAge: "2147483648", Age: "2147483647"}, 0},
	}
	for name, c := range cases {
		if got := Floor(c.Fields, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTheHostIsLeftAloneOnlyIfItIsTheHostThatAsks(t *testing.T) {
	for _, c := range []struct {
		status int
		Fields
		want time.Duration
	}{
		{429, Fields{RetryAfter: lines{"7"}}, 7 * time.Second},
		{503, Fields{RetryAfter: lines{"7"}}, 7 * time.Second},
		{503, Fields{RetryAfter: lines{date(time.Minute)}}, time.Minute},
		{503, Fields{RetryAfter: lines{date(time.Minute - 24*time.Hour)}, Date: date(-24 * time.Hour)}, time.Minute},
		{503, Fields{RetryAfter: lines{"1.5", "7"}}, 7 * time.Second},
		{503, Fields{RetryAfter: lines{"7200"}}, time.Hour},
		{503, Fields{RetryAfter: lines{"later"}}, 0},
		{503, Fields{}, 0},
		{429, Fields{PollInterval: lines{"60"}, MaxAge: "60", Expires: date(time.Minute)}, 0},
		{200, Fields{RetryAfter: lines{"7"}}, 0},
		{202, Fields{RetryAfter: lines{"7"}}, 0},
		{301, Fields{RetryAfter: lines{"7"}}, 0},
		{304, Fields{RetryAfter: lines{"7"}}, 0},
		{413, Fields{RetryAfter: lines{"7"}}, 0},
		{500, Fields{RetryAfter: lines{"7"}}, 0},
		{502, Fields{RetryAfter: lines{"7"}}, 0},
		{504, Fields{RetryAfter: lines{"7"}}, 0},
	} {
		if got := HostFloor(c.status, c.Fields, now); got != c.want {
			t.Errorf("%d %+v: %v, want %v", c.status, c.Fields, got, c.want)
		}
	}
}

func FuzzFloor(f *testing.F) {
	f.Add("120", "60", "60", date(time.Minute), "30", date(0))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "-1", "", "Mon, 01 Jan 0001 00:00:00 GMT", "2147483647", "Fri, 31 Dec 9999 23:59:59 GMT")
	f.Add("Mon Nov 23 12:00:30 2026\n1.5", "0.5\n60", "99999999999999999999", "0", " 5 ", "x")
	f.Fuzz(func(t *testing.T, retryAfter, interval, maxAge, expires, age, date string) {
		fields := Fields{
			RetryAfter: strings.Split(retryAfter, "\n"), PollInterval: strings.Split(interval, "\n"),
			MaxAge: maxAge, Expires: expires, Age: age, Date: date,
		}
		got := Floor(fields, now)
		if got < 0 || got > maxFloor {
			t.Fatalf("%+v: %v", fields, got)
		}
		for status := 200; status < 600; status++ {
			if host := HostFloor(status, fields, now); host < 0 || host > got {
				t.Fatalf("%+v: %v of the host, %v of the resource", fields, host, got)
			}
		}
		less := []Fields{fields, fields, fields}
		less[0].RetryAfter, less[1].PollInterval, less[2].MaxAge, less[2].Expires = nil, nil, "", ""
		for _, f := range less {
			if less := Floor(f, now); less > got {
				t.Fatalf("%+v: %v; without a field %v", fields, got, less)
			}
		}
		if fields.Age = ""; Floor(fields, now) < got {
			t.Fatalf("%+v: an age makes it longer: %v", fields, got)
		}
	})
}
