package proxy

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// linesOf are the lines of a field, as head.Lookup yields them.
func linesOf(lines ...string) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for _, line := range lines {
			if !yield([]byte(line)) {
				return
			}
		}
	}
}

func TestForwardedIsReadAsRFC7239Says(t *testing.T) {
	for _, test := range []struct {
		lines []string
		want  []forwarded
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{" , ;,"}, nil},
		{[]string{"for=1.2.3.4"}, []forwarded{{node: "1.2.3.4"}}},
		{[]string{`For="[2001:DB8:cafe::17]:4711"`}, []forwarded{{node: "[2001:db8:cafe::17]:4711"}}},
		{[]string{"for=192.0.2.60;proto=HTTP;by=203.0.113.43"}, []forwarded{{node: "192.0.2.60", proto: "http"}}},
		{[]string{"for=192.0.2.43, for=198.51.100.17"}, []forwarded{{node: "192.0.2.43"}, {node: "198.51.100.17"}}},
		{[]string{"for=192.0.2.43", `for="_gazonk";host="a,b;c=\"d"`}, []forwarded{{node: "192.0.2.43"}, {node: "_gazonk", host: `a,b;c="d`}}},
		{[]string{"by=_p, for=unknown ; proto=https;;host=a:8080 ,"}, []forwarded{{}, {node: "unknown", proto: "https", host: "a:8080"}}},
		{[]string{"for=1.2.3.4:80;secret=x"}, []forwarded{{node: "1.2.3.4:80"}}},
		{[]string{"for"}, nil},
		{[]string{"for="}, nil},
		{[]string{`for=""`}, nil},
		{[]string{`for="1.2.3.4`}, nil},
		{[]string{`for="1.2.3.4\"`}, nil},
		{[]string{`for="1.2.3.4"x`}, nil},
		{[]string{`for=1.2.3.4"x"`}, nil},
		{[]string{"for =1.2.3.4"}, nil},
		{[]string{"=1.2.3.4"}, nil},
		{[]string{"for=1.2.3.4 for=5.6.7.8"}, nil},
		{[]string{"for=1.2.3.4;for=5.6.7.8"}, nil},
		{[]string{"for=1.2.3.4", "nonsense"}, nil},
	} {
		if got := parseForwarded(linesOf(test.lines...)); !slices.Equal(got, test.want) {
			t.Errorf("%q: %+v, want %+v", test.lines, got, test.want)
		}
	}
}

func TestTheAddressOfANodeIsItsAloneWithoutAPort(t *testing.T) {
	for node, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "1.2.3.4:80": "1.2.3.4", "1.2.3.4:_x": "1.2.3.4", "[::1]": "::1", "[::1]:80": "::1", "[2001:db8::1]:_x": "2001:db8::1", "::1": "::1",
		"[::ffff:1.2.3.4]": "1.2.3.4", "[fe80::1%eth0]": "fe80::1",
		"unknown": "", "_hidden": "", "_hidden:80": "", "": "", "[::1": "", "[::1]x": "", "1.2.3": "", "example.com": "", "1.2.3.4, 5.6.7.8": "",
	} {
		got, ok := forwarded{node: node}.addr()
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %v, want %q", node, got, want)
		}
	}
}

func TestWhatOnlyForwardedOrOnlyXForwardedForTellsIsInBoth(t *testing.T) {
	plainOnly(t)
	for name, test := range map[string]struct{ said, lines []string }{
		"Forwarded": {
			[]string{"Forwarded", "for=1.2.3.4;proto=https;host=Pub.example"},
			[]string{"X-Forwarded-For: 1.2.3.4, 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: pub.example",
				`Forwarded: for=1.2.3.4;proto=https;host=Pub.example, for=127.0.0.1;proto=https;host="pub.example"`},
		},
		"a chain of Forwarded": {
			[]string{"Forwarded", `for="[2001:db8::1]:80";host="pub.example:8443", for=_hidden;proto=https`, "forwarded", "by=x, for=10.0.0.1:99"},
			[]string{"X-Forwarded-For: 2001:db8::1, 10.0.0.1, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: pub.example:8443"},
		},
		"X-Forwarded-For": {
			[]string{"X-Forwarded-For", "1.2.3.4, 2001:db8::1 ,5.6.7.8:90", "X-Forwarded-For", "[::1]:80,unknown,,\"x"},
			[]string{`X-Forwarded-For: 1.2.3.4, 2001:db8::1 ,5.6.7.8:90, [::1]:80,unknown,,"x, 127.0.0.1`,
				`Forwarded: for=1.2.3.4, for="[2001:db8::1]", for="5.6.7.8:90", for="[::1]:80", for=127.0.0.1;proto=http;host="HOST"`},
		},
		"both": {
			[]string{"Forwarded", "for=6.6.6.6;proto=https;host=evil.example", "X-Forwarded-For", "1.2.3.4"},
			[]string{"X-Forwarded-For: 1.2.3.4, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: HOST",
				`Forwarded: for=1.2.3.4, for=127.0.0.1;proto=http;host="HOST"`},
		},
		"another X-Forwarded field": {
			[]string{"Forwarded", "for=6.6.6.6;host=evil.example", "X-Forwarded-Proto", "https"},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: HOST", `Forwarded: for=127.0.0.1;proto=https;host="HOST"`},
		},
		"a Forwarded that cannot be read": {
			[]string{"Forwarded", `for=1.2.3.4;proto=https;host=a, for="`},
			[]string{`Forwarded: for=127.0.0.1;proto=http;host="HOST"`, "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: HOST"},
		},
		"a host that is none": {
			[]string{"Forwarded", `for=1.2.3.4;proto=ftp;host="a, b"`},
			[]string{"X-Forwarded-For: 1.2.3.4, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: HOST"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trusted, stranger := newRig(t, "trusted_proxies: [127.0.0.0/8]"), newRig(t)
			trusted.do("POST", "/x", "", test.said...)
			for _, line := range test.lines {
				if line = strings.ReplaceAll(line, "HOST", trusted.addr); !strings.Contains(trusted.seen("/x"), "\r\n"+line+"\r\n") {
					t.Errorf("no line %q in\n%s", line, trusted.seen("/x"))
				}
			}
			stranger.do("POST", "/x", "", test.said...)
			for _, line := range []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: " + stranger.addr, `Forwarded: for=127.0.0.1;proto=http;host="` + stranger.addr + `"`} {
				if !strings.Contains(stranger.seen("/x"), "\r\n"+line+"\r\n") {
					t.Errorf("a stranger is believed: no line %q in\n%s", line, stranger.seen("/x"))
				}
			}
		})
	}
}

// FuzzForwarded reads any field. What comes of it has to be addresses, and what
// is written of addresses has to be read again.
func FuzzForwarded(f *testing.F) {
	for _, line := range []string{`for="[2001:db8::1]:80";proto=https;host=a, for=_x`, `for=1.2.3.4;by="\"";;`, "unknown, 1.2.3.4:5, [::1]:6", `for="`, "::ffff:1.2.3.4", "fe80::1%eth0"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, element := range parseForwarded(linesOf(line)) {
			if addr, ok := element.addr(); ok && addr != netip.MustParseAddr(addr.String()) {
				t.Errorf("%q: address %v", line, addr)
			}
			if isAuthority(element.host) && strings.ContainsAny(element.host, "\r\n\", ;\\") {
				t.Errorf("%q: host %q", line, element.host)
			}
		}
		node := nodeOf(line)
		if node == "" {
			return
		}
		again := parseForwarded(linesOf("for=" + node))
		if len(again) != 1 {
			t.Fatalf("%q became %q, which is %+v", line, node, again)
		}
		if _, ok := again[0].addr(); !ok {
			t.Errorf("%q became %q, which is no address", line, node)
		}
	})
}
