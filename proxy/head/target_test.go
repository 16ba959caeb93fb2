package head_test

import (
	"fmt"
	"strings"
	"testing"
)

// line is a request with another first line.
func line(first string) string { return first + "\r\nHost: a\r\n\r\n" }

// H-8.
func TestOnlyHTTP11AndHTTP10AreSpoken(t *testing.T) {
	run(t, []vector{
		{"1.1", line("GET /x HTTP/1.1"), "200"},
		{"1.0", line("GET /x HTTP/1.0"), "200"},
		{"1.0 without Host", "GET /x HTTP/1.0\r\n\r\n", "200"},
		{"1.2", line("GET /x HTTP/1.2") + smuggled, "505"},
		{"0.9 with a version", line("GET /x HTTP/0.9") + smuggled, "505"},
		{"2.0", line("GET /x HTTP/2.0") + smuggled, "505"},
		{"3.0", line("GET /x HTTP/3.0") + smuggled, "505"},
		{"9.9", line("GET /x HTTP/9.9") + smuggled, "505"},
		{"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
		{"0.9", "GET /x\r\n" + smuggled, "400"},
		{"lower case", line("GET /x http/1.1") + smuggled, "400"},
		{"two digits", line("GET /x HTTP/1.10") + smuggled, "400"},
		{"leading zero", line("GET /x HTTP/01.1") + smuggled, "400"},
		{"another protocol", line("GET /x HTCP/1.1") + smuggled, "400"},
		{"trailing space", line("GET /x HTTP/1.1 ") + smuggled, "400"},
		{"trailing tab", line("GET /x HTTP/1.1\t") + smuggled, "400"},
		{"a CR more", line("GET /x HTTP/1.1\r") + smuggled, "400"},
		{"no version", line("GET /x ") + smuggled, "400"},
	})
}

func TestTheMethodIsAToken(t *testing.T) {
	run(t, []vector{
		{"unknown", line("FROBNICATE /x HTTP/1.1"), "200"},
		{"lower case", line("get /x HTTP/1.1"), "200"},
		{"odd", line("M-SEARCH /x HTTP/1.1"), "200"},
		{"tab", line("GET\t/x HTTP/1.1") + smuggled, "400"},
		{"slash", line("GET/x / HTTP/1.1") + smuggled, "400"},
		{"leading space", line(" GET /x HTTP/1.1") + smuggled, "400"},
		{"two spaces", line("GET  /x HTTP/1.1") + smuggled, "400"},
		{"NUL", line("GE\x00T /x HTTP/1.1") + smuggled, "400"},
		{"quoted", line("\"GET\" /x HTTP/1.1") + smuggled, "400"},
		{"colon", line("GET: /x HTTP/1.1") + smuggled, "400"},
		{"UTF-8", line("GËT /x HTTP/1.1") + smuggled, "400"},
	})
}

// H-10: a target is kept byte for byte, or refused.
func TestATargetIsKeptAsItIsOrRefused(t *testing.T) {
	kept := map[string]string{"http://a/x?y": "/x?y", "HTTPS://a:8443/x": "/x", "http://a": "/", "http://a?y=/": "/?y=/", "http://a/?": "/?", "http://a//x": "//x"}
	for _, target := range []string{
		"/", "/x", "//", "//x", "//b/x", "/x//y", "/./x", "/../x", "/a/../x", "/x/..", "/x/.", "/%2e%2e/x", "/%2fx", "/x%2Fy", "/\\x", "/x\\..\\y",
		"/x;a=b", "/x?", "/x??", "/x?a=b&a=c", "/x?a;b", "/x?%", "/x?%zz", "/%zz", "/%", "/x%00", "/%0d%0aX:%20y", "/a+b%20c%2B", "/?http://b/",
		"/\xffx", "/ä", "/x?ä", "/x:80", "/@", "/u:p@b/", "/*", "/x|y", "/x^y", "/x`y", "/x{y}", "/x\"y", "/x<y>", "/~x", "/x?#"[:3], "/http://b/x",
	} {
		kept[target] = target
	}
	d := newDoor(t)
	for target, want := range kept {
		if got := d.knock(t, line("GET "+target+" HTTP/1.1")); got != "200" {
			t.Errorf("%q: %s", target, got)
			continue
		}
		if got := d.passed[len(d.passed)-1]; got != want {
			t.Errorf("%q became %q, want %q", target, got, want)
		}
	}
	var vectors []vector
	for target, want := range map[string]string{
		"/x#": "400", "/x#y": "400", "/#?y": "400", "/x?y#z": "400", "http://a/x#y": "400", "http://a#": "400",
		"x": "400", "": "400", "a/x": "400", "a:80": "400", "?x": "400", "*": "400", "**": "400", "*/x": "400", "*x": "400", ".": "400", "..": "400",
		"ftp://a/x": "400", "file:///x": "400", "ws://a/x": "400", "javascript://a/x": "400", "://a/x": "400", "http:/a/x": "400", "http:a": "400",
		"http:///x": "400", "http://": "400", "http://u@a/x": "400", "http://u:" + canary + "@a/x": "400", "http://a:0/": "400", "http://a:99999/": "400",
		"http://a\\@b/x": "400", "http://a;b/x": "400", "http://a,b/x": "400", "http:// a/x": "400", "http://a%00/x": "400", "http://[::1/x": "400",
		"/x\x7f": "400", "/x\x00": "400", "/x\x0b": "400", "/x\ty": "400", "/x y": "400", "/x\ry": "400", "/" + canary + "\x01": "400",
	} {
		vectors = append(vectors, vector{fmt.Sprintf("%q", target), line("GET "+target+" HTTP/1.1") + smuggled, want})
	}
	run(t, vectors)
}

func TestTheAsteriskIsForOPTIONSOnly(t *testing.T) {
	run(t, []vector{
		{"OPTIONS", line("OPTIONS * HTTP/1.1"), "200"},
		{"GET", line("GET * HTTP/1.1") + smuggled, "400"},
		{"HEAD", line("HEAD * HTTP/1.1"), "400"},
		{"POST", line("POST * HTTP/1.1") + smuggled, "400"},
		{"more than one", line("OPTIONS ** HTTP/1.1") + smuggled, "400"},
		{"a query", line("OPTIONS *?x HTTP/1.1") + smuggled, "400"},
	})
}

func TestCONNECTAndTRACEAreNotServed(t *testing.T) {
	run(t, []vector{
		{"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + smuggled, "405"},
		{"CONNECT to a path", line("CONNECT /x HTTP/1.1") + smuggled, "405"},
		{"CONNECT to a URL", line("CONNECT http://a/ HTTP/1.1") + smuggled, "405"},
		{"TRACE", line("TRACE /x HTTP/1.1") + smuggled, "405"},
		{"TRACE in HTTP/1.0", line("TRACE /x HTTP/1.0") + smuggled, "405"},
	})
}

// L-9: what is keyed is what is sent.
func TestPathAndQueryAreTheTargetCutInTwo(t *testing.T) {
	for target, want := range map[string][2]string{
		"/": {"/", "nil"}, "/?": {"/", ""}, "/x?a=b": {"/x", "a=b"}, "/x??": {"/x", "?"}, "/x?a?b": {"/x", "a?b"}, "/x%3fa": {"/x%3fa", "nil"},
	} {
		h := mustParse(t, line("GET "+target+" HTTP/1.1"))
		query := "nil"
		if h.Query != nil {
			query = string(h.Query)
		}
		if string(h.Path) != want[0] || query != want[1] {
			t.Errorf("%s: %q and %q", target, h.Path, query)
		}
		whole := string(h.Path)
		if h.Query != nil {
			whole += "?" + string(h.Query)
		}
		if whole != string(h.Target) || whole != target {
			t.Errorf("%s: %q, %q", target, whole, h.Target)
		}
	}
}

func TestAHeadCanBeParsedIntoAgain(t *testing.T) {
	h := mustParse(t, strings.Replace(get("Connection: close, X-A", "Content-Length: 4", "Upgrade: x"), "/x", "/x?y", 1))
	fresh := mustParse(t, "GET / HTTP/1.0\r\n\r\n")
	if err := h.Parse(request(t, "GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if len(h.Fields) != 0 || h.Query != nil || h.Length != 0 || len(h.Host) != 0 || h.Nominates() || h.Upgrade || h.Close != fresh.Close {
		t.Errorf("something is left: %+v", h)
	}
}
