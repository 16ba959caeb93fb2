package head_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

// H-5.
func TestAFoldedLineIsRefused(t *testing.T) {
	run(t, []vector{
		{"space", get("X-A: 1\r\n 2"), "400"},
		{"tab", get("X-A: 1\r\n\t2"), "400"},
		{"empty continuation", get("X-A: 1\r\n "), "400"},
		{"first line", "GET /x HTTP/1.1\r\n Host: a\r\n\r\n" + smuggled, "400"},
		{"Host", "GET /x HTTP/1.1\r\nHost:\r\n a\r\n\r\n" + smuggled, "400"},
		{"Transfer-Encoding", post("0\r\n\r\n"+smuggled, "Transfer-Encoding:\r\n chunked"), "400"},
		{"Content-Length", post("abcd"+smuggled, "Content-Length:\r\n 4"), "400"},
		{"hidden Content-Length", post("abcd"+smuggled, "X-A: 1\r\n Content-Length: 4"), "400"},
		{"secret", get("Authorization: Bearer\r\n " + canary), "400"},
	})
}

// H-6: others see a line end, or the end of the head, where we see none, or
// the other way round.
func TestABareLineFeedIsRefused(t *testing.T) {
	run(t, []vector{
		{"one line", "GET /x HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n" + smuggled, "400"},
		{"last line", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\n\r\n" + smuggled, "400"},
		{"empty line", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\n" + smuggled, "400"},
		{"end of head", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\n\n" + smuggled, "400"},
		{"early end of head", "GET /x HTTP/1.1\r\nHost: a\n\nContent-Length: 99\r\n\r\n" + smuggled, "400"},
		{"all lines", "GET /x HTTP/1.1\nHost: a\nX-A: 1\n\n", "400"},
		{"all lines, another request", "GET /x HTTP/1.1\nHost: a\n\n" + smuggled, "400"},
		{"before a CRLF", get("X-A: 1\n"), "400"},
		{"Content-Length behind", post("abcd"+smuggled, "X-A: 1\nContent-Length: 4"), "400"},
		{"Transfer-Encoding behind", post("0\r\n\r\n"+smuggled, "X-A: 1\nTransfer-Encoding: chunked"), "400"},
	})
}

func TestAControlCharacterIsRefused(t *testing.T) {
	var vectors []vector
	for c := range 256 {
		if c == '\n' {
			continue
		}
		want := "200"
		if c < ' ' && c != '\t' || c == 0x7f {
			want = "400"
		}
		vectors = append(vectors, vector{fmt.Sprintf("%#02x in a value", c), get("X-A: 1" + string([]byte{byte(c)}) + "2"), want})
	}
	vectors = append(vectors,
		vector{"CR before CRLF", get("X-A: 1\r"), "400"},
		vector{"CR in Content-Length", post("abcd"+smuggled, "Content-Length: 4\r"), "400"},
		vector{"CR as line end", "GET /x HTTP/1.1\rHost: a\r\rGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		vector{"NUL in Transfer-Encoding", post("0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked\x00"), "400"},
	)
	run(t, vectors)
}

// H-7.
func TestAFieldNameIsAToken(t *testing.T) {
	var vectors []vector
	for c := range 256 {
		if c == ':' || c == '\n' {
			continue
		}
		token := strings.ContainsRune("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(c))
		want := map[bool]string{true: "200", false: "400"}[token]
		vectors = append(vectors, vector{fmt.Sprintf("%#02x", c), get("X" + string([]byte{byte(c)}) + "A: " + canary), want})
	}
	for name, line := range map[string]string{
		"space before colon": "X-A : 1", "tab before colon": "X-A\t: 1", "empty name": ": 1", "no colon": "X-A", "only a space": " : 1",
		"space before the length's colon": "Content-Length : 4", "space before the coding's colon": "Transfer-Encoding : chunked",
		"quoted": "\"X-A\": 1", "colon first": ":X-A: 1", "NUL": "X\x00-A: 1", "UTF-8": "X-Ä: 1",
	} {
		vectors = append(vectors, vector{name, post("abcd"+smuggled, line), "400"})
	}
	run(t, vectors)
}

// H-19.
func TestThereAreAtMostAHundredLines(t *testing.T) {
	lines := func(n int) string { return get(strings.Repeat("X-A: 1\r\n", n-2) + "X-A: 1") } // and Host
	run(t, []vector{
		{"100", lines(head.MaxFields), "200"},
		{"101", lines(head.MaxFields+1) + smuggled, "431"},
		{"550", lines(550) + smuggled, "431"},
		{"larger than the buffer", get("X-A: "+strings.Repeat("x", 16<<10)) + smuggled, "431"},
		{"an endless name", get(strings.Repeat("x", 16<<10)), "431"},
		{"an endless target", "GET /" + strings.Repeat("x", 16<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", "431"},
	})
}

func TestFieldsAreKeptAsTheyCame(t *testing.T) {
	h := mustParse(t, get("x-LOWER:  a  b \t", "X-Empty:", "X-Blank: \t ", "X-Twice: 1", "x-twice: 2", "X_Y: \xff", "Accept: a", "accept: b"))
	want := [][2]string{
		{"Host", "a"}, {"x-LOWER", "a  b"}, {"X-Empty", ""}, {"X-Blank", ""}, {"X-Twice", "1"}, {"x-twice", "2"}, {"X_Y", "\xff"},
		{"Accept", "a"}, {"accept", "b"},
	}
	if len(h.Fields) != len(want) {
		t.Fatalf("%d fields", len(h.Fields))
	}
	for i, f := range h.Fields {
		if string(f.Name) != want[i][0] || string(f.Value) != want[i][1] {
			t.Errorf("%d: %q %q, want %q", i, f.Name, f.Value, want[i])
		}
	}
	if got := string(h.Joined(head.Accept)); got != "a, b" {
		t.Errorf("joined: %q", got)
	}
	if got := string(h.Get(head.Accept)); got != "a" {
		t.Errorf("first: %q", got)
	}
	n := 0
	for value := range h.Lookup("X-TWICE") {
		if n++; string(value) != fmt.Sprint(n) {
			t.Errorf("%d: %q", n, value)
		}
	}
	for range h.Lookup("x-twice") {
		break // early
	}
	if n != 2 || h.Has(head.Cookie) || h.Get(head.Cookie) != nil || h.Joined(head.Cookie) != nil {
		t.Errorf("%d lines, or a cookie", n)
	}
}

// fasthttp does not show how the request line ended, nor what was in front of it.
// A Follower is for that.
func TestOnlyTheFirstLineMayEndInABareLineFeedHere(t *testing.T) {
	run(t, []vector{
		{"bare line feed", "GET /x HTTP/1.1\nHost: a\r\n\r\n", "200"},
		{"empty lines before", "\r\n\r\n" + get(), "200"},
		{"bare line feeds before", "\n\n" + get() + "\n" + get(), "200 200"},
		{"no head at all", "GET /x HTTP/1.0\r\n\n" + smuggled, "200"},
		{"a CR before", "\r\r\n" + get(), "400"},
	})
}
