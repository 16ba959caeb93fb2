package accesslog

import (
	"strings"
	"testing"
	"time"
)

func TestAFormatThatCannotBeMeantIsRefusedWithWhatIsAllowed(t *testing.T) {
	for format, want := range map[string]string{
		"iis":                 `"iis" is none: choose auto, common, combined, json,`,
		"nginx:$remote_addr":  "the log format of nginx: it has no time: $time_local, $time_iso8601 or $msec is needed",
		"nginx:$msec $status": "the log format of nginx: it has no URL: $request or $request_uri is needed",
		"nginx:$msec$request": "the log format of nginx: nothing stands between $request and what is before it",
		"nginx:$ $msec":       "the log format of nginx: $ without a name",
		"nginx:log_format x;": "the log format of nginx: log_format without a format",
		"nginx:log_format x '$msec $request_uri ;": "the log format of nginx: a quotation mark ' has no other",
		"apache:%h %":   "the log format of apache: % without a directive",
		"apache:%{x %h": "the log format of apache: % without a directive",
		"apache:%h":     "the log format of apache: it has no time",
	} {
		if _, err := ParseFormat(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", format, err)
		}
	}
	for _, format := range []string{"", "auto", "common", "combined", "json", "haproxy", "envoy", "caddy", "traefik", "nginx", "apache", "nginx:$msec ${request_uri}",
		"nginx:log_format a escape=json \"$msec \\\"$request\\\"\" ' $status';", "apache:%t %!404,301{User-agent}i %>s %%%r %^FB"} {
		if _, err := ParseFormat(format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestDatesAreReadAsServersWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"02/Mar/2026:09:00:01 +0000":     "2026-03-02T09:00:01Z",
		"02/Mar/2026:09:00:01 -0730":     "2026-03-02T16:30:01Z",
		"02/Mar/2026:09:00:01.120":       "2026-03-02T09:00:01.12Z",
		"29/Feb/2024:23:59:59 +0100":     "2024-02-29T22:59:59Z",
		"2026-03-02T09:00:01+02:00":      "2026-03-02T07:00:01Z",
		"2026-03-02T09:00:01.123456789Z": "2026-03-02T09:00:01.123456789Z",
		"2026-03-02 09:00:01,5":          "2026-03-02T09:00:01.5Z",
		"1772442001":                     "2026-03-02T09:00:01Z",
		"1772442001.250":                 "2026-03-02T09:00:01.25Z",
		"1772442001250":                  "2026-03-02T09:00:01.25Z",
		"1772442001250000":               "2026-03-02T09:00:01.25Z",
		"1772442001250000000":            "2026-03-02T09:00:01.25Z",
	} {
		var c calendar
		nanos, _, ok := c.parse([]byte(text))
		if got := time.Unix(0, nanos).UTC().Format(time.RFC3339Nano); !ok || got != want {
			t.Errorf("%s: %s, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "now", "02/Mir/2026:09:00:01 +0000", "32/Mar/2026:09:00:01 +0000", "02/Mar/2026:09:00:61x", "2026-13-02T09:00:01Z", "12", "1772442001.2x", "99999999999999999999"} {
		var c calendar
		if _, _, ok := c.parse([]byte(text)); ok {
			t.Errorf("%q is a date", text)
		}
	}
}

func TestTheFirstLinesSayWhichFormatALogHas(t *testing.T) {
	const combined = `10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET /x HTTP/1.1" 200 5 "-" "UA"`
	for head, want := range map[string]string{
		combined + "\n":                                              "combined",
		combined + " 0.003 extra\n":                                  "combined",
		"\x00\xff\n\n" + combined:                                    "combined",
		strings.Repeat("?\n", 2000) + combined:                       "combined",
		strings.TrimSuffix(combined, ` "-" "UA"`):                    "common",
		`{"msec":1772442001,"request":"GET /x HTTP/1.1"}`:            "json",
		`{"level":"error","msg":"no request"}` + "\n" + combined:     "combined",
		"Mar  2 09:00:01 lb haproxy[1]: started\n\x16\x03\x01 what?": "",
		"": "",
	} {
		got := ""
		if f := detect(allFormats(), []byte(head)); f != nil {
			got = f.Name()
		}
		if got != want {
			t.Errorf("%.60q: %q", head, got)
		}
	}
}

func TestWhatAFieldCannotSayMakesALineBroken(t *testing.T) {
	for _, line := range []string{
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "\x16\x03\x01" 400 5 "-" "-"`,
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "-" 408 0 "-" "-"`,
		`10.0.0.1 - - [yesterday] "GET / HTTP/1.1" 200 0 "-" "-"`,
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET / HTTP/1.1" abc 0 "-" "-"`,
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET / HTTP/1.1" 200 0 "-" "cut of`,
		`10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET / HT`,
	} {
		var e Entry
		if formatsOf("combined")[1].NewReader().Read([]byte(line), &e) {
			t.Errorf("%s: %+v", line, e)
		}
	}
}

func TestTheClientIsWhoTheProxyInFrontSaysItIs(t *testing.T) {
	formats, err := ParseFormat(`nginx:$http_x_forwarded_for|$remote_addr|$msec|$request_uri`)
	if err != nil {
		t.Fatal(err)
	}
	r := formats[0].NewReader()
	for line, want := range map[string]string{
		"203.0.113.7, 10.0.0.1|10.0.0.9|1772442001|/": "203.0.113.7",
		"-|10.0.0.9|1772442001|/":                     "10.0.0.9",
	} {
		var e Entry
		if !r.Read([]byte(line), &e) || string(e.Addr) != want {
			t.Errorf("%s: %q", line, e.Addr)
		}
	}
}
