package coding_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

var all = []coding.Coding{coding.Brotli, coding.Zstd, coding.Gzip}

var accepts = []struct {
	field, want string // the codings, and "!" where identity is refused
}{
	{"", ""},
	{"identity", ""},
	{"gzip", "gzip"},
	{"GZip", "gzip"},
	{"x-gzip", "gzip"},
	{"gzip, x-gzip;q=0", ""},
	{"gzip, deflate", "gzip"},
	{"deflate, compress, sdch", ""},
	{"gzip, deflate, br, zstd", "br zstd gzip"},
	{"zstd,br,gzip", "br zstd gzip"},
	{"gzip;q=1.0, br;q=0.8", "gzip br"},
	{"br;q=0.5;x=1, gzip", "gzip"},
	{"gzip;q=0.001", "gzip"},
	{"gzip;q=0", ""},
	{"gzip;q=0.000, br", "br"},
	{"gzip ; Q=0.5 ,\tbr ; q=1", "br gzip"},
	{"gzip;q=.5", "gzip"},
	{",, gzip,,", "gzip"},

	// identity is the last resort, unless the client says more of it.
	{"gzip;q=0.5, identity", ""},
	{"gzip;q=0.5, identity;q=0.5", "gzip"},
	{"gzip;q=0.5, br, identity;q=0.7", "br"},
	{"identity;q=0", ""},
	{"identity;q=0, gzip;q=0.1", "gzip!"},
	{"identity;q=0, gzip;q=0", ""},
	{"*;q=0", ""},
	{"*;q=0, gzip", "gzip!"},
	{"*;q=0, identity;q=0.1, gzip", "gzip"},
	{"*;q=0, identity;q=0.1", ""},

	// "*" is what is not named; gzip is the likeliest to be known.
	{"*", "gzip br zstd"},
	{"*, gzip;q=0", "br zstd"},
	{"*;q=0.5, zstd", "zstd gzip br"},
	{"zstd, *", "zstd gzip br"},
	{"*, identity;q=0", "gzip br zstd!"},
	{"*;q=0.5, identity", ""},
	{"gzip, *;q=0.1", "gzip br zstd"},

	// What cannot be read is no consent, and says nothing of what stands beside it.
	{"gzip;q=", ""},
	{"gzip;q=x, br", "br"},
	{"gzip;q=2", ""},
	{"gzip;q=-1", ""},
	{"gzip;q=1.0000", ""},
	{"gzip;q=NaN", ""},
	{"gzip;q=1e0", ""},
	{"gzip;level=9", ""},
	{"identity;q=x, gzip;q=0.1", "gzip"},
	{"gzip br", ""},
	{"gzip=1", ""},
	{";q=1", ""},
	{"gzip, gzip;q=0", ""},
	{"gzip;q=0, gzip", ""},
	{strings.Repeat("x,", 8000) + "gzip", "gzip"},
}

func tell(a *coding.Accepted) string {
	var said []string
	for _, c := range a.All() {
		said = append(said, c.String())
	}
	told := strings.Join(said, " ")
	if !a.Has(coding.Identity) {
		told += "!"
	}
	return told
}

func TestAClientGetsTheCodingsThatItAsksForBestFirst(t *testing.T) {
	for _, test := range accepts {
		a := coding.Negotiate([]byte(test.field), all)
		if got := tell(&a); got != test.want {
			t.Errorf("%.60q: %q, want %q", test.field, got, test.want)
		}
	}
}

func TestOfEqualCodingsTheFirstThatIsOfferedCounts(t *testing.T) {
	field := []byte("gzip, deflate, br, zstd")
	for _, offered := range [][]coding.Coding{nil, {coding.Gzip}, {coding.Gzip, coding.Brotli}, {coding.Zstd, coding.Brotli, coding.Gzip}} {
		a := coding.Negotiate(field, offered)
		if !slices.Equal(a.All(), offered) {
			t.Errorf("offered %v: %v", offered, a.All())
		}
		if len(offered) > 0 && a.Best() != offered[0] || len(offered) == 0 && a.Best() != coding.Identity {
			t.Errorf("offered %v: the best is %v", offered, a.Best())
		}
	}
	if a := coding.Negotiate([]byte("br, identity;q=0"), []coding.Coding{coding.Gzip}); !a.Has(coding.Identity) {
		t.Error("nothing is acceptable, and identity neither: there is no answer left")
	}
}

func TestNegotiatingAllocatesNothing(t *testing.T) {
	field := []byte("gzip;q=0.8, deflate, br, zstd;q=0.9, *;q=0.1")
	if n := testing.AllocsPerRun(100, func() { coding.Negotiate(field, all) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, test := range accepts {
		f.Add([]byte(test.field))
	}
	f.Fuzz(func(t *testing.T, field []byte) {
		a := coding.Negotiate(field, all)
		for i, c := range a.All() {
			if c == coding.Identity || slices.Contains(a.All()[:i], c) || !a.Has(c) {
				t.Fatalf("%q: %v", field, a.All())
			}
			lower := strings.ToLower(string(field))
			if !strings.Contains(lower, c.String()) && !strings.Contains(lower, "*") {
				t.Fatalf("%q does not ask for %v", field, c)
			}
		}
		if len(a.All()) == 0 && !a.Has(coding.Identity) {
			t.Fatalf("%q leaves nothing", field)
		}
	})
}
