package upgrade_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
)

func TestIfNoneMatchIsAListComparedWeakly(t *testing.T) {
	const tag = `"v1"`
	for list, want := range map[string]bool{
		`"v1"`:                                 true,
		`W/"v1"`:                               true,
		`*`:                                    true,
		" \t* ":                                true,
		`"v0", "v1"`:                           true,
		`"v0","v1"`:                            true,
		`"v0" , W/"v1" `:                       true,
		` "v1" `:                               true,
		`, ,"v1",`:                             true,
		`"a,b", "v1"`:                          true,
		`"", "v1"`:                             true,
		`"a\"", "v1"`:                          false, // no quoted pairs: a\ is the tag, and junk follows
		"":                                     false,
		`"v2"`:                                 false,
		`"V1"`:                                 false,
		`v1`:                                   false,
		`w/"v1"`:                               false, // the mark is case-sensitive
		`W/ "v1"`:                              false,
		`W/v1`:                                 false,
		`W/`:                                   false,
		`"`:                                    false,
		`""`:                                   false,
		`"v1`:                                  false,
		`v1"`:                                  false,
		`'v1'`:                                 false,
		`"v0"x, "v1"`:                          false, // not readable to its end
		`v0, "v1"`:                             false,
		`"v0" "v1"`:                            false,
		`*, "v2"`:                              false,
		`"*"`:                                  false,
		`"v0, "v1"`:                            false,
		"\"v1\"\x00":                           false,
		strings.Repeat(",", 1<<20):             false,
		strings.Repeat(`"x",`, 1<<18) + `"v1"`: true,
		strings.Repeat(`"`, 1<<20):             false,
		`"` + strings.Repeat("x", 1<<20) + `"`: false,
	} {
		if got := upgrade.MatchTag([]byte(list), tag); got != want {
			t.Errorf("%.40q: %v", list, got)
		}
	}
	if upgrade.MatchTag(nil, tag) {
		t.Error("nothing names a tag")
	}
}

func TestConditionsDecideWhetherAClientHasTheUpdate(t *testing.T) {
	u := updateOf("application/json", "1")
	u.ETag, u.LastModified = `"v1"`, "Thu, 29 Feb 2024 12:00:00 GMT"
	const same, older, newer = "Thu, 29 Feb 2024 12:00:00 GMT", "Thu, 29 Feb 2024 11:59:59 GMT", "Fri, 01 Mar 2024 00:00:00 GMT"
	for _, test := range []struct {
		match, since string // "-" is a field that is not there
		want         bool
	}{
		{"-", "-", false},
		{`"v1"`, "-", true},
		{`"v0"`, "-", false},
		{"-", same, true},
		{"-", newer, true},
		{"-", older, false},
		{"-", "Thursday, 29-Feb-24 12:00:00 GMT", true}, // RFC 850
		{"-", "Thu Feb 29 12:00:00 2024", true},         // asctime
		{"-", "", false},
		{"-", "1709208000", false},
		{"-", "Thu, 29 Feb 2024 12:00:00 CET", false},
		{"-", "Thu, 29 Feb 2023 12:00:00 GMT", false},
		{"-", same + ", " + same, false},
		{`"v0"`, newer, false}, // If-None-Match alone counts, RFC 9110 section 13.1.3
		{`"v1"`, older, true},
		{"", newer, false},
		{"junk", newer, false},
	} {
		field := func(s string) []byte {
			if s == "-" {
				return nil
			}
			return []byte(s)
		}
		if got := u.NotModified(field(test.match), field(test.since)); got != test.want {
			t.Errorf("%q %q: %v", test.match, test.since, got)
		}
	}
	u.LastModified = ""
	if u.NotModified(nil, []byte(newer)) {
		t.Error("nobody knows when it was modified")
	}
	u.LastModified = "yesterday"
	if u.NotModified(nil, []byte(newer)) {
		t.Error("nobody can read when it was modified")
	}
}

func TestOnlyA200IsEverNotModified(t *testing.T) {
	for _, status := range []int{202, 203, 204, 404, 410} {
		u := upgrade.NewUpdate(content(status, "text/plain", "x"))
		if u.NotModified([]byte("*"), nil) || u.NotModified([]byte(u.ETag), nil) {
			t.Errorf("%d", status)
		}
	}
}

func TestHashTagsTellContentsApart(t *testing.T) {
	seen := map[string]int{}
	for i, tag := range []string{
		upgrade.HashTag(200, "", nil), upgrade.HashTag(404, "", nil), upgrade.HashTag(200, "text/plain", nil),
		upgrade.HashTag(200, "", []byte("text/plain")), upgrade.HashTag(200, "text/plain", []byte("x")),
		upgrade.HashTag(200, "text/plainx", nil), upgrade.HashTag(20, "0text/plain", nil), upgrade.HashTag(200, "", []byte("\n")),
	} {
		if j, ok := seen[tag]; ok {
			t.Errorf("%d and %d have the tag %s", i, j, tag)
		}
		seen[tag] = i
		if !regexp.MustCompile(`^"pm-[A-Za-z0-9_-]{22}"$`).MatchString(tag) {
			t.Errorf("%s", tag)
		}
		if !upgrade.MatchTag([]byte(`"a", W/`+tag), tag) {
			t.Errorf("%s is not found", tag)
		}
	}
	if a, b := upgrade.HashTag(200, "a/b", []byte("x")), upgrade.HashTag(200, "a/b", []byte("x")); a != b {
		t.Errorf("%s and %s for the same content", a, b)
	}
}

// tagSyntax is RFC 9110 section 8.8.3, but for the bytes that fasthttp refuses
// in a field.
var tagSyntax = regexp.MustCompile(`^[ \t]*(?:W/)?("[^"]*")[ \t]*$`)

// matches says the rule again, for a list whose tags hold no comma.
func matches(list, tag string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.Trim(member, " \t") == "" {
			continue
		}
		m := tagSyntax.FindStringSubmatch(member)
		if m == nil {
			return false
		}
		if m[1] == tag {
			return true
		}
	}
	return false
}

func FuzzMatchTag(f *testing.F) {
	f.Add([]byte(`"v0", W/"v1"`), "v1", uint64(1))
	f.Add([]byte(`,"v,0" ,`), "v,0", uint64(2))
	f.Add([]byte(" * "), "", uint64(3))
	f.Add([]byte(`W/"`), "x", uint64(4))
	f.Fuzz(func(t *testing.T, list []byte, opaque string, seed uint64) {
		tag := `"` + strings.ReplaceAll(opaque, `"`, "") + `"`
		before := bytes.Clone(list)
		got := upgrade.MatchTag(list, tag)
		if !bytes.Equal(before, list) {
			t.Fatal("the list was changed")
		}
		star := string(bytes.TrimSpace(list)) == "*"
		if got && !star && !bytes.Contains(list, []byte(tag)) {
			t.Fatalf("%q does not hold %q", list, tag)
		}
		if inQuotes := regexp.MustCompile(`"[^"]*,[^"]*"`); !star && !inQuotes.Match(list) && !strings.Contains(tag, ",") {
			if want := matches(string(list), tag); got != want {
				t.Fatalf("%q in %q: %v", tag, list, got)
			}
		}
		// Behind a list that is all tags, it is found.
		random := rand.New(rand.NewPCG(seed, 0))
		var good []byte
		for range random.IntN(5) {
			good = append(good, []string{`"a"`, `W/"b,c"`, `""`, ` `, "\t"}[random.IntN(5)]...)
			good = append(good, []string{",", " ,", ", ,"}[random.IntN(3)]...)
		}
		if !upgrade.MatchTag(append(good, tag...), tag) || !upgrade.MatchTag(append(append(good, "W/"...), tag...), tag) {
			t.Fatalf("%q is not found behind %q", tag, good)
		}
	})
}
