package origin

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cacheLines is a header with these lines of Cache-Control.
func cacheLines(lines ...string) (h Header) {
	h = append(h, Field{"X-A", "no-store"})
	for _, line := range lines {
		h = append(h, Field{"Cache-Control", line}, Field{"X-B", "private"})
	}
	return h
}

func TestDirectivesAreReadOverAllLines(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  Directives // nil: malformed
	}{
		{nil, Directives{}},
		{[]string{""}, Directives{}},
		{[]string{" \t, ,,"}, Directives{}},
		{[]string{"no-store"}, Directives{"no-store": ""}},
		{[]string{"No-Store,PRIVATE"}, Directives{"no-store": "", "private": ""}},
		{[]string{"max-age=60"}, Directives{"max-age": "60"}},
		{[]string{"max-age = 60 , x"}, Directives{"max-age": "60", "x": ""}},
		{[]string{"max-age=\"60\""}, Directives{"max-age": "60"}},
		{[]string{"max-age="}, Directives{"max-age": ""}},
		{[]string{"max-age=,private"}, Directives{"max-age": "", "private": ""}},
		{[]string{"max-age= ,private"}, Directives{"max-age": "", "private": ""}},
		{[]string{",,a,,b=1,,"}, Directives{"a": "", "b": "1"}},
		{[]string{"a", "", "b", "A"}, Directives{"a": "", "b": ""}},
		{[]string{"private=\"x, y\", b"}, Directives{"private": "x, y", "b": ""}},
		{[]string{"private=\"\""}, Directives{"private": ""}},
		{[]string{"a=\"\\\"\", b"}, Directives{"a": "\\\"", "b": ""}},
		{[]string{"a=\"\\\\\", b"}, Directives{"a": "\\\\", "b": ""}},
		{[]string{"a=\"x\" \t, b"}, Directives{"a": "x", "b": ""}},
		{[]string{"a=\"=,;\",b"}, Directives{"a": "=,;", "b": ""}},
		{[]string{"a=\"\xff\""}, Directives{"a": "\xff"}},
		// Of two, the shorter age, or else the first.
		{[]string{"max-age=60, max-age=5"}, Directives{"max-age": "5"}},
		{[]string{"max-age=5", "max-age=60"}, Directives{"max-age": "5"}},
		{[]string{"max-age=x, max-age=5"}, Directives{"max-age": "x"}},
		{[]string{"max-age=5, max-age=x"}, Directives{"max-age": "5"}},
		{[]string{"private=\"a\", private"}, Directives{"private": "a"}},

		{[]string{"a b"}, nil},
		{[]string{"a;b"}, nil},
		{[]string{"=a"}, nil},
		{[]string{"= "}, nil},
		{[]string{"a=b=c"}, nil},
		{[]string{"a=b c"}, nil},
		{[]string{"a=b\"c\""}, nil},
		{[]string{"\"a\""}, nil},
		{[]string{"a=\""}, nil},
		{[]string{"a=\"b"}, nil},
		{[]string{"a=\"b\\"}, nil},
		{[]string{"a=\"b\\\""}, nil},
		{[]string{"a=\"b\"c"}, nil},
		{[]string{"a=\"b\" c"}, nil},
		{[]string{"a=\"b\"\"c\""}, nil},
		{[]string{"ä"}, nil},
		{[]string{"a=ä"}, nil},
		{[]string{"a\x0bb"}, nil},
		{[]string{"good", "b c"}, nil},
		{[]string{"a=\"b", "c\""}, nil},
		{[]string{"{a}"}, nil},
		{[]string{"a, b:c"}, nil},
	} {
		got, err := ParseDirectives(cacheLines(test.lines...), "cache-control")
		if (err != nil) != (test.want == nil) || !maps.Equal(got, test.want) {
			t.Errorf("%q: %q, %v", test.lines, got, err)
		}
	}
}

func TestThereAreAtMostSoManyDirectives(t *testing.T) {
	list := func(n int) (all []string) {
		for i := range n {
			all = append(all, "d"+strconv.Itoa(i))
		}
		return all
	}
	if d, err := ParseDirectives(cacheLines(strings.Join(list(maxDirectives), ",")), "Cache-Control"); err != nil || len(d) != maxDirectives {
		t.Errorf("%d, %v", len(d), err)
	}
	for _, lines := range [][]string{list(maxDirectives + 1), {strings.Join(list(maxDirectives+1), ", ")}, append(list(maxDirectives), "no-store")} {
		if d, err := ParseDirectives(cacheLines(lines...), "Cache-Control"); err == nil {
			t.Errorf("%d directives", len(d))
		}
	}
}

// FuzzDirectives compares with a scan that knows no strings: where there are
// none, nothing that it finds may be forgotten.
func FuzzDirectives(f *testing.F) {
	for _, lines := range []string{
		"no-store", "max-age=60, private=\"x, y\"\nno-cache", "a=\"\\\"\", no-store", "No-Store ,\tPRIVATE", ",,", "=", "a=\"", "max-age=1, max-age=0", "private=x;no-store",
		"x=\"no-store\"", "\"no-store\"", strings.Repeat("a,", 100), "no-store\n\n\"",
	} {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		d, err := ParseDirectives(cacheLines(lines...), "Cache-Control")
		if err != nil {
			if d != nil {
				t.Errorf("%q: %q and %v", text, d, err)
			}
			return
		}
		for name := range d {
			if !isToken(name) || name != strings.ToLower(name) {
				t.Errorf("%q: the name %q", text, name)
			}
		}
		if strings.Contains(text, `"`) {
			// Read again as it was understood, it says the same.
			again, err := ParseDirectives(cacheLines(writtenDirectives(d)...), "Cache-Control")
			if err != nil || !maps.Equal(again, d) {
				t.Errorf("%q: %q became %q, %v", text, d, again, err)
			}
			return
		}
		for _, name := range scanDirectives(lines) {
			if !d.Has(name) {
				t.Errorf("%q: %q is forgotten", text, name)
			}
		}
	})
}

func writtenDirectives(d Directives) (lines []string) {
	for name, argument := range d {
		lines = append(lines, name+`="`+argument+`"`)
	}
	return lines
}

// scanDirectives is the simple look: whatever stands between commas, up to an equals
// sign.
func scanDirectives(lines []string) (names []string) {
	for member := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, _, _ := strings.Cut(member, "=")
		if name = strings.ToLower(strings.Trim(name, " \t")); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
