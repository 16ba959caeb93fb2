package upgrade_test

import (
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

func TestTypesThatAreJSON(t *testing.T) {
	for kind, want := range map[string]bool{
		"application/json":                 true,
		"application/json; charset=utf-8":  true,
		" Application/JSON ;x=y":           true,
		"text/json":                        true,
		"application/problem+json":         true,
		"application/vnd.x+json; v=1":      true,
		"application/json-seq":             false,
		"application/x-ndjson":             false,
		"application/jsonp":                false,
		"text/html":                        false,
		"":                                 false,
		"json":                             false,
		"text/plain; x=\"application/json": false,
	} {
		if got := updateOf(kind, "1").IsJSON(); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func TestTextIsWhatMeansTheSameInUTF8(t *testing.T) {
	for _, test := range []struct {
		kind, body string
		want       bool
	}{
		{"text/plain", "h\u00e9", true},
		{"text/plain; charset=utf-8", "h\u00e9", true},
		{`text/plain; charset="UTF-8"`, "h\u00e9", true},
		{"TEXT/HTML;CHARSET=UTF8", "h\u00e9", true},
		{"text/plain", "h\xe9", false},
		{"text/plain", "", true},
		{"image/svg+xml", "<svg/>", true},
		{"application/xml", "<a/>", true},
		{"application/javascript", "1", true},
		{"application/yaml", "a: b", true},
		{"application/x-www-form-urlencoded", "a=b", true},
		{"application/json", `"\u00e9"`, true},
		{"image/png", "\x89PNG", false},
		{"image/png", "text", false},
		{"application/octet-stream", "text", false},
		{"", "text", false},

		// In another charset, only ASCII is the same: these bytes are two other
		// characters in Latin-1, and half as many in UTF-16.
		{"text/plain; charset=iso-8859-1", "h\u00e9", false},
		{"text/plain; charset=iso-8859-1", "he", true},
		{"text/plain; charset=us-ascii", "he", true},
		{"text/plain; charset=utf-16le", "h\x00e\x00", false},
		{"text/plain; charset=iso-2022-jp", "\x1b$B8l\x1b(B", false},
		{"text/plain; charset=koi8-r; x", "h\u00e9", true}, // not readable

		// JSON is UTF-8 whatever its type says, and Spring's says it.
		{"application/json;charset=ISO-8859-1", "\"\u00e9\"", true},
		{"application/json;charset=ISO-8859-1", "\"\xe9\"", false},
	} {
		if got := updateOf(test.kind, test.body).IsText(); got != test.want {
			t.Errorf("%q %q: %v", test.kind, test.body, got)
		}
	}
}

func TestStatusesThatAreSnapshots(t *testing.T) {
	for status, want := range map[int]bool{200: true, 202: true, 203: true, 204: false, 404: false, 410: false, 500: false, 304: false} {
		u := upgrade.NewUpdate(content(status, "text/plain", ""))
		if u.HasSnapshot() != want {
			t.Errorf("%d: %v", status, !want)
		}
		s := upgrade.State{Update: u}
		if s.IsLive() != want || (s.Reason() == "") != want {
			t.Errorf("%d: live %v, reason %q", status, s.IsLive(), s.Reason())
		}
	}
}

func TestAStateSaysWhyItIsStale(t *testing.T) {
	gone := upgrade.NewUpdate(content(410, "", ""))
	odd := upgrade.NewUpdate(content(499, "", ""))
	good := updateOf("text/plain", "x")
	for _, test := range []struct {
		state upgrade.State
		want  string
		live  bool
	}{
		{upgrade.State{}, "", false},
		{upgrade.State{Stale: "down"}, "down", false},
		{upgrade.State{Update: good}, "", true},
		{upgrade.State{Update: good, Stale: "down"}, "down", false},
		{upgrade.State{Update: gone}, "the origin answers 410 Gone", false},
		{upgrade.State{Update: gone, Stale: "down"}, "down", false},
		{upgrade.State{Update: odd}, "the origin answers 499", false},
	} {
		if got := test.state.Reason(); got != test.want || test.state.IsLive() != test.live {
			t.Errorf("%+v: %q, live %v", test.state, got, test.state.IsLive())
		}
	}
}

func TestAgeIsNeverNegative(t *testing.T) {
	u := updateOf("text/plain", "x")
	u.Age = 5 * time.Second
	for after, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, time.Minute: 65 * time.Second, -time.Second: 4 * time.Second, -time.Hour: 0,
	} {
		if got := u.CurrentAge(someTime.Add(after)); got != want {
			t.Errorf("%v later: %v", after, got)
		}
	}
}

func TestARenewalIsTheSameVersionWithTheSameFrames(t *testing.T) {
	u := updateOf("application/json", "{ }")
	first, _ := u.Encoded(ndjson, true)
	again := u.Renewed("max-age=1", "Fri, 01 Mar 2024 00:00:00 GMT", someTime.Add(1), someTime.Add(2), 3)
	if again.Version != u.Version || again.ETag != u.ETag || again.ID != u.ID || again.Date == u.Date || u.CacheControl != "" {
		t.Errorf("%+v", again)
	}
	second, _ := again.Encoded(ndjson, true)
	if &first[0] != &second[0] {
		t.Error("it was encoded twice")
	}
}
