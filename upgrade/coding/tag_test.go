package coding_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade/coding"
)

func TestEachCodingOfAVersionHasATagOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for c := coding.Identity; int(c) < coding.Codings; c++ {
		tag := coding.Tag(`"abc-gzip"`, c)
		if seen[tag] {
			t.Errorf("%s is there twice", tag)
		}
		seen[tag] = true
		base, of := coding.CutTag([]byte(tag))
		if string(base) != `"abc-gzip` || of != c || coding.IsTag(tag) != (c != coding.Identity) {
			t.Errorf("%s is %s of %v", tag, base, of)
		}
	}
	if coding.Tag("", coding.Gzip) != "" {
		t.Error("what has no tag gets one")
	}
}

func TestOnlyTagsOfOursAreTakenApart(t *testing.T) {
	for _, tag := range []string{"", `"`, `""`, `"a"`, `"a-gzip"`, `"a-pm-"`, `"a-pm-identity"`, `"a-pm-gzip "`, `"a-pm-deflate"`, `"a-pm-gzip-1"`} {
		base, c := coding.CutTag([]byte(tag))
		if c != coding.Identity || string(base) != tag[:max(len(tag)-1, 0)] && len(tag) > 1 {
			t.Errorf("%s is %s of %v", tag, base, c)
		}
	}
}

func TestAnOriginGetsItsOwnTagsBack(t *testing.T) {
	for field, want := range map[string]string{
		`"a-pm-gzip"`:                        `"a"`,
		`"a-pm-gzip" , W/"b-pm-br","c-gzip"`: `"a" , W/"b","c-gzip"`,
		`"a-pm-gzip-pm-br"`:                  `"a-pm-gzip"`,
		`"a-pm-zstd`:                         `"a-pm-zstd`,
		`*`:                                  `*`,
		``:                                   ``,
	} {
		if got := string(coding.PlainTags([]byte(field))); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
}

func FuzzTag(f *testing.F) {
	f.Add(`"a"`, byte(1))
	f.Add(`"a-pm-br"`, byte(2))
	f.Fuzz(func(t *testing.T, tag string, which byte) {
		c := coding.Coding(which) % coding.Coding(coding.Codings)
		if len(tag) < 2 || tag[0] != '"' || strings.IndexByte(tag[1:], '"') != len(tag)-2 || coding.IsTag(tag) {
			return
		}
		base, of := coding.CutTag([]byte(coding.Tag(tag, c)))
		if string(base)+`"` != tag || of != c {
			t.Fatalf("%s under %v: %s of %v", tag, c, base, of)
		}
		if plain := coding.PlainTags([]byte(coding.Tag(tag, c))); string(plain) != tag {
			t.Fatalf("%s under %v goes back as %s", tag, c, plain)
		}
	})
}
