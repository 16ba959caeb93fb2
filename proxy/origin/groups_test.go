package origin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// groupLines is a header with lines of a field that names groups.
func groupLines(lines ...string) (h Header) {
	for _, line := range lines {
		h = append(h, Field{Name: "cache-groups", Value: line})
	}
	return h
}

func TestParseGroups(t *testing.T) {
	for lines, want := range map[string][]string{
		``:                                   nil,
		`"a"`:                                {"a"},
		`"a", "b"`:                           {"a", "b"},
		`"a","b"` + "\t,\t" + `"c"`:          {"a", "b", "c"},
		`"a"|"b", "c"`:                       {"a", "b", "c"},
		`""`:                                 {""},
		`"A", "a"`:                           {"A", "a"},
		`"a, b"`:                             {"a, b"},
		`"a\"b\\c"`:                          {`a"b\c`},
		`"a";x;y=1;z="q";w=(`:                nil,
		`"a";x;y=1;z="q, \"r\"";w=?0, "b";v`: {"a", "b"},
		`  "a"  `:                            {"a"},
		`"a"|`:                               nil, // ends in a comma
		`"a",`:                               nil,
		`,"a"`:                               nil,
		`"a",,"b"`:                           nil,
		`"a" "b"`:                            nil,
		`a`:                                  nil,
		`"a", b`:                             nil,
		`"a", 1`:                             nil,
		`"a", ("b" "c")`:                     nil,
		`"a", :YQ==:`:                        nil,
		`"a", %"b"`:                          nil,
		`"a`:                                 nil,
		`"a\`:                                nil,
		`"a\x"`:                              nil,
		`'a'`:                                nil,
		"\"a\x7f\"":                          nil,
		"\"é\"":                              nil,
		"\"a\tb\"":                           nil,
	} {
		got, whole := ParseGroups(groupLines(strings.Split(lines, "|")...), CacheGroups)
		if !slices.Equal(got, want) || !whole {
			t.Errorf("%s: %q, %v; want %q", lines, got, whole, want)
		}
	}
	if got, whole := ParseGroups(groupLines(`"a"`), CacheGroupInvalidation); len(got) > 0 || !whole {
		t.Errorf("another field's: %q", got)
	}
}

func TestGroupsBeyondTheBoundAreCutOff(t *testing.T) {
	many := func(n int) string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("%q", fmt.Sprint("group", i)))
		}
		return strings.Join(names, ", ")
	}
	long, longer := strings.Repeat("x", maxGroupName), strings.Repeat("x", maxGroupName+1)
	for name, c := range map[string]struct {
		list  string
		names int
		whole bool
	}{
		"all that there may be": {many(maxGroups), maxGroups, true},
		"one more":              {many(maxGroups + 1), maxGroups, false},
		"thousands":             {many(5000), maxGroups, false},
		"the longest":           {`"a", "` + long + `", "b"`, 3, true},
		"a longer one":          {`"a", "` + longer + `", "b"`, 2, false},
	} {
		names, whole := ParseGroups(groupLines(c.list), CacheGroups)
		if len(names) != c.names || whole != c.whole {
			t.Errorf("%s: %d, %v; want %d, %v", name, len(names), whole, c.names, c.whole)
		}
	}
}

// What is read is bounded and can be written again, and what can be written is
// read, whatever parameters there are.
func FuzzParseGroups(f *testing.F) {
	for _, list := range []string{`"a", "b"`, `"a";x=1;y, "b\"\\"`, `a, ("b");c`, `"a",`, "\"\x00\"", `"a";b=@1;c=%"%f0%9f"`, strings.Repeat(`"",`, 100) + `""`} {
		f.Add(list, "name")
	}
	f.Fuzz(func(t *testing.T, list, name string) {
		names, whole := ParseGroups(groupLines(list), CacheGroups)
		if len(names) > maxGroups || len(names) == 0 && !whole && len(list) <= maxGroupName {
			t.Fatalf("%q: %d names, %v", list, len(names), whole)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) || len(name) > maxGroupName || len(names) == maxGroups {
			return
		}
		var written []string
		for _, n := range append(names, name) {
			if len(n) > maxGroupName {
				t.Fatalf("%q: a name of %d bytes", list, len(n))
			}
			written = append(written, `"`+strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(n)+`";x=1`)
		}
		if again, _ := ParseGroups(groupLines(written...), CacheGroups); !slices.Equal(again, append(names, name)) {
			t.Fatalf("%q became %q, want %q", written, again, append(names, name))
		}
	})
}
