package head_test

import (
	"strings"
	"testing"
)

// H-9: a user name in an authority would become an Authorization further on,
// and two opinions about the host are two opinions about whose answer it is.
func TestHostIsOneHostAndPort(t *testing.T) {
	good := map[string]string{
		"a": "a", "A.Example.COM": "a.example.com", "a:80": "a:80", "a:65535": "a:65535", "a:1": "a:1", "127.0.0.1": "127.0.0.1",
		"127.0.0.1:8080": "127.0.0.1:8080", "[::1]": "[::1]", "[::1]:8080": "[::1]:8080", "[2001:DB8::1]": "[2001:db8::1]", "a.": "a.",
		"a_b": "a_b", "a-b": "a-b", "xn--bcher-kva.example": "xn--bcher-kva.example", "0": "0", " a": "a", "a ": "a", "\ta\t": "a",
		strings.Repeat("a", 255): strings.Repeat("a", 255),
	}
	for host, want := range good {
		h, err := parse("GET /x HTTP/1.1\r\nHost:" + host + "\r\n\r\n")
		if err != nil || string(h.Host) != want {
			t.Errorf("%q: %v, %v", host, h, err)
		}
		h, err = parse("GET http://" + strings.TrimSpace(host) + "/x HTTP/1.1\r\nHost: other\r\n\r\n")
		if err != nil || string(h.Host) != want {
			t.Errorf("absolute %q: %v, %v", host, h, err)
		}
	}
	var vectors []vector
	for _, host := range []string{
		"", "u@a", "u:p@a", "u:" + canary + "@a", "@a", "a@", "a:", "a:0", "a:65536", "a:-1", "a:+80", "a:8a", "a:80:80", ":80", ":", "::1", "[::1", "::1]",
		"[]", "[::1]x", "[::1]:", "[::1]:0", "[::1]80", "[::1%eth0]", "[::1%25eth0]", "[127.0.0.1]", "[a]", "[::ffff:1.2.3.4.5]", "a,b", "a, a", "a b",
		"a/x", "a/", "a?x", "a#x", "a\\b", "a;b", "a\"b", "a'b", "a<b", "a%2eb", "a%00", "a\x00", "a\x7f", "ä", "a\xff", "http://a", "a|b", "{a}", "*",
		strings.Repeat("a", 256),
	} {
		vectors = append(vectors,
			vector{host, "GET /x HTTP/1.1\r\nHost: " + host + "\r\n\r\n" + smuggled, "400"},
			vector{"absolute " + host, "GET http://" + host + "/ HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled, "400"},
		)
	}
	vectors = exceptPaths(vectors)
	run(t, append(vectors,
		vector{"none", "GET /x HTTP/1.1\r\n\r\n" + smuggled, "400"},
		vector{"none, absolute", "GET http://a/x HTTP/1.1\r\n\r\n" + smuggled, "400"},
		vector{"two", get("Host: a") + smuggled, "400"},
		vector{"two, different", get("hOST: b") + smuggled, "400"},
		vector{"two, HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		vector{"a space before the colon", "GET /x HTTP/1.1\r\nHost : a\r\n\r\n" + smuggled, "400"},
		vector{"empty, absolute, HTTP/1.0", "GET http:///x HTTP/1.0\r\nHost: a\r\n\r\n" + smuggled, "400"},
		vector{"empty, absolute, HTTP/1.0, no Host", "GET http://?x HTTP/1.0\r\n\r\n" + smuggled, "400"},
		vector{"userinfo, HTTP/1.0", "GET /x HTTP/1.0\r\nHost: u:p@a\r\n\r\n" + smuggled, "400"},
	))
}

// exceptPaths leaves out what is no authority but a longer target.
func exceptPaths(vectors []vector) (rest []vector) {
	for _, v := range vectors {
		switch v.name {
		case "absolute a/x", "absolute a/", "absolute a?x", "absolute http://a":
		default:
			rest = append(rest, v)
		}
	}
	return rest
}

func TestTheAuthorityOfAnAbsoluteTargetReplacesHost(t *testing.T) {
	for raw, want := range map[string]string{
		"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n":                  "b /x",
		"GET http://B:81?y HTTP/1.1\r\nHost: a:82\r\n\r\n":            "b:81 /?y",
		"GET https://b/x HTTP/1.0\r\n\r\n":                            "b /x",
		"GET /http://b/x HTTP/1.1\r\nHost: a\r\n\r\n":                 "a /http://b/x",
		"GET /x?http://b/ HTTP/1.1\r\nHost: a\r\n\r\n":                "a /x?http://b/",
		"GET //b/x HTTP/1.1\r\nHost: a\r\n\r\n":                       "a //b/x",
		"GET /x HTTP/1.1\r\nX-Forwarded-Host: b\r\nHost: a\r\n\r\n":   "a /x",
		"OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n":               "b /",
		"GET /x HTTP/1.1\r\nHost: a\r\nX-Host: b\r\nHOST_: c\r\n\r\n": "a /x",
	} {
		h := mustParse(t, raw)
		if got := string(h.Host) + " " + string(h.Target); got != want {
			t.Errorf("%q: %s", raw, got)
		}
	}
}

func TestHTTP10NeedsNoHost(t *testing.T) {
	for _, raw := range []string{"GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.0\r\nHost:\r\n\r\n"} {
		if h := mustParse(t, raw); len(h.Host) != 0 || !h.HTTP10 || !h.Close {
			t.Errorf("%q: %+v", raw, h)
		}
	}
}
