package head_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

// chrome is what a browser sends with a poll of a page's script.
var chrome = strings.ReplaceAll(`GET /api/scores/today?league=1&_=1718000000000 HTTP/1.1
Host: Scores.Example.com:8080
Connection: keep-alive
sec-ch-ua: "Chromium";v="134", "Not:A-Brand";v="24", "Google Chrome";v="134"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: "Linux"
Accept: application/json, text/plain, */*
X-Requested-With: XMLHttpRequest
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: https://scores.example.com/today
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.9,de;q=0.8
Cookie: _ga=GA1.1.1.1; sid=0123456789abcdef; theme=dark
If-None-Match: W/"33a64df551425fcc55e4d42a148795d9f25f89d4"
Content-Length: 0

`, "\n", "\r\n")

func TestParsingAgainAllocatesNothing(t *testing.T) {
	for name, raw := range map[string]string{
		"browser": chrome, "curl": "GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
		"absolute":  "GET http://a:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close, X-A, TE\r\nContent-Length: 12345\r\n\r\n",
		"WebSocket": get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==", "Sec-WebSocket-Version: 13"),
		"chunked":   post("", "Transfer-Encoding: chunked"),
	} {
		req := request(t, raw)
		var h head.Head
		if err := h.Parse(req); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(200, func() { _ = h.Parse(req) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestLookingUpANameAllocatesNothing(t *testing.T) {
	names := [][]byte{
		[]byte("Authorization"), []byte("X_FORWARDED_FOR"), []byte("X-Tenant"), []byte("sec-ch-ua-platform"), []byte(strings.Repeat("x", 300)), []byte("X-Ms-Client-Principal-Name"),
		[]byte("X-Auth-Request-" + strings.Repeat("y", 100)), nil,
	}
	if n := testing.AllocsPerRun(200, func() {
		for _, name := range names {
			_ = head.Lookup(name)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestReadingAHeadAllocatesNothing(t *testing.T) {
	h := mustParse(t, chrome)
	name := []byte("X-A")
	if n := testing.AllocsPerRun(200, func() {
		_ = h.IsPlain() && h.IsGet() && h.IsSafe() && h.IsWebSocket() && h.Has(head.Expect)
		_, _, _ = h.Get(head.Cookie), h.Joined(head.Accept), h.Nominated(name)
		for range h.Lookup("cdn-loop") {
			t.Error("found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	req := request(b, chrome)
	var h head.Head
	b.ReportAllocs()
	b.SetBytes(int64(len(chrome)))
	for b.Loop() {
		if err := h.Parse(req); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFollow reads along with a browser's request.
func BenchmarkFollow(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(chrome)))
	var f head.Follower
	for wire := []byte(chrome); b.Loop(); {
		if _, err := f.Follow(wire); err != nil {
			b.Fatal(err)
		}
	}
}
