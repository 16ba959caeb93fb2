package head_test

import (
	"math/rand/v2"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

func plain(target string) bool {
	h := &head.Head{Target: []byte(target)}
	p, q, found := strings.Cut(target, "?")
	if h.Path = []byte(p); found {
		h.Query = []byte(q)
	}
	return h.IsPlain()
}

// L-9, L-10.
func TestOnlyWhatEverybodyReadsTheSameWayIsPlain(t *testing.T) {
	for _, target := range []string{
		"/", "/x", "/x/", "/x/y", "/x.json", "/a.b.c", "/.x", "/x.", "/...", "/..x", "/x..", "/.x/y", "/x%20y", "/%41", "/%c3%a4", "/%ff", "/x:y", "/@x", "/x,y",
		"/x=y", "/x&y", "/x+y", "/x!y$", "/~x", "/x'y(z)", "/*", "/x?", "/x?a=b", "/x?a=b&a=c", "/x??", "/x?a/b", "/x?a/../b", "/x?//", "/x?a;b", "/x?%2e%2e%2f",
		"/x?a=%00", "/x?%25", "/x?a=.", "/x?a+b", "/?", "/x?_=1",
	} {
		if !plain(target) {
			t.Errorf("%s is not", target)
		}
	}
	for _, target := range []string{
		"//", "//x", "/x//y", "/x//", "/.", "/..", "/./x", "/../x", "/x/.", "/x/..", "/x/./y", "/x/../y", "/./", "/../", "/x/./", "/x/../",
		"/%2e", "/%2e%2e/x", "/%2E./x", "/.%2e/x", "/x%2ejson", "/x%2fy", "/x%2Fy", "/x%5cy", "/x%5Cy", "/x\\y", "/x;a=b", "/x;a.css", "/;", "/x%3ba.css", "/x%3Ba",
		"/x%3fy", "/x%3Fa.css", "/x%23y", "/x%25", "/x%252e", "/x%00", "/x%0a", "/x%0d%0a", "/x%1f", "/x%7f", "/%", "/x%", "/x%2", "/x%zz", "/x%2g", "/x%g2",
		"/x% 2", "/x%u0041", "/ä", "/x\xff", "/x\x7f", "/x\x80", "/x?%", "/x?%2", "/x?%zz", "/x?a=%g0", "/x?ä", "/x?\x80", "/x?\\", "/x?a=%2",
	} {
		if plain(target) {
			t.Errorf("%s is", target)
		}
	}
}

// slowPlain decodes the target as an origin may, and looks at whether anything
// moved.
func slowPlain(target string) bool {
	if strings.ContainsFunc(target, func(r rune) bool { return r > '~' || r == '\\' }) {
		return false
	}
	p, q, _ := strings.Cut(target, "?")
	if _, err := url.QueryUnescape(q); err != nil {
		return false
	}
	once, err := url.PathUnescape(p)
	if err != nil || strings.ContainsFunc(once, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	if twice, err := url.PathUnescape(once); err != nil || twice != once {
		return false
	}
	for _, delimiter := range []string{"/", "?", "#", ";", "\\", "."} {
		if strings.Count(once, delimiter) != strings.Count(p, delimiter) {
			return false
		}
	}
	clean := path.Clean(once)
	if strings.HasSuffix(once, "/") && clean != "/" {
		clean += "/"
	}
	return clean == once && !strings.ContainsAny(once, ";\\")
}

func TestPlainIsWhatDecodingLeavesInPlace(t *testing.T) {
	pieces := []string{
		"/", "/", "/", ".", "..", "x", "y", "?", "=", "&", ";", "\\", "%", "%2e", "%2E", "%2f", "%5c", "%25", "%41", "%20", "%00", "%7f", "%ff", "%3f", "%23", "%3b",
		"%2", "%zz", "+", ":", "~", "\x80", "ä", "_",
	}
	random := rand.New(rand.NewPCG(1, 2))
	yes := 0
	for range 200_000 {
		target := "/"
		for range random.IntN(7) {
			target += pieces[random.IntN(len(pieces))]
		}
		got := plain(target)
		if got != slowPlain(target) {
			t.Fatalf("%q: %v", target, got)
		}
		if got {
			yes++
		}
	}
	if yes < 10_000 {
		t.Errorf("only %d were plain", yes)
	}
}

func FuzzPlain(f *testing.F) {
	for _, target := range []string{"/", "/x%2e", "/..%2f", "/x?a=%zz", "//x", "/x;y", "/%c0%ae/", "/x/..;/y", "/a%u002e"} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if !strings.HasPrefix(target, "/") || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }) {
			return // never comes so far
		}
		if got := plain(target); got != slowPlain(target) {
			t.Errorf("%q: %v", target, got)
		}
	})
}
