package head_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

// FuzzHead sends any bytes through fasthttp and Parse. What passes must be a
// head about which there is one opinion: written down as the proxy writes it,
// it parses to itself, and net/http, if it takes the original, frames it in the
// same way.
func FuzzHead(f *testing.F) {
	for _, raw := range []string{
		chrome, get(), get("Connection: close, X-A"), post("abcd", "Content-Length: 4"), post("0\r\n\r\n", "Transfer-Encoding: chunked"),
		get("X-A: 1\r\n 2"), "GET /x HTTP/1.1\nHost: a\n\n", "GET /x HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", "GET http://u:p@a/x HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.0\r\n\nX: 1\r\n\r\n", "\r\n\r\n" + get(), line("GET /x#y HTTP/1.1"),
		post("", "Content-Length: 4", "Transfer-Encoding: chunked"), post("", "Content_Length: 4"), post("", "Content-Length : 4"), line("PRI * HTTP/2.0"),
		get("Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"), get("Host: b"), get("X A: 1"), "GET http:// HTTP/1.0\r\nHost: a\r\n\r\n", line("GET https://[::1]:1?x HTTP/1.1"),
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parse(string(raw))
		if err != nil {
			if refused := new(head.Error); errors.As(err, &refused) && (refused.Status < 400 || refused.Status > 505 || refused.Text == "") {
				t.Errorf("%q is refused with %+v", raw, refused)
			}
			return
		}
		checkBytes(t, h)
		again, err := parse(written(h))
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, written(h), err)
		}
		if written(again) != written(h) || again.Length != h.Length || again.Upgrade != h.Upgrade || again.IsPlain() != h.IsPlain() {
			t.Errorf("%q became %q, then %q", raw, written(h), written(again))
		}
		compare(t, raw, h)
	})
}

// checkBytes looks for what could end a line, or begin a request.
func checkBytes(t *testing.T, h *head.Head) {
	t.Helper()
	parts := [][]byte{h.Method, h.Target, h.Host}
	for _, f := range h.Fields {
		parts = append(parts, f.Name, f.Value)
		if f.Is != head.Lookup(f.Name) {
			t.Errorf("%s is %d", f.Name, f.Is)
		}
	}
	for _, part := range parts {
		if bytes.ContainsAny(part, "\r\n\x00") {
			t.Errorf("%q has a line end", part)
		}
	}
	if bytes.ContainsAny(h.Method, " \t") || bytes.ContainsAny(h.Target, " \t#") || bytes.ContainsAny(h.Host, "@/?#\\ ") {
		t.Errorf("%q %q %q", h.Method, h.Target, h.Host)
	}
	if h.Target[0] != '/' && string(h.Target) != "*" {
		t.Errorf("the target is %q", h.Target)
	}
	if !h.HTTP10 && len(h.Host) == 0 {
		t.Error("no host")
	}
}

// written is the head as it is sent on.
func written(h *head.Head) string {
	var b strings.Builder
	version := " HTTP/1.1\r\nHost: "
	if h.HTTP10 {
		version = " HTTP/1.0\r\nHost: "
	}
	b.WriteString(string(h.Method) + " " + string(h.Target) + version + string(h.Host) + "\r\n")
	for _, f := range h.Fields {
		if f.Is != head.Host {
			b.WriteString(string(f.Name) + ": " + string(f.Value) + "\r\n")
		}
	}
	return b.String() + "\r\n"
}

// compare asks net/http.
func compare(t *testing.T, raw []byte, h *head.Head) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return
	}
	if r.Method != string(h.Method) || r.ProtoAtLeast(1, 1) == h.HTTP10 {
		t.Errorf("%q: %s %s, not %q", raw, r.Method, r.Proto, h.Method)
	}
	if r.ContentLength != h.Length || (h.Length < 0) != slices.Contains(r.TransferEncoding, "chunked") {
		t.Errorf("%q: length %d %v, not %d", raw, r.ContentLength, r.TransferEncoding, h.Length)
	}
	if !strings.EqualFold(r.Host, string(h.Host)) {
		t.Errorf("%q: host %q, not %q", raw, r.Host, h.Host)
	}
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	ours := 0
	for _, f := range h.Fields {
		if f.Is != head.Host && f.Is != head.TransferEncoding {
			ours++
		}
	}
	if lines != ours {
		t.Errorf("%q: %d lines, not %d", raw, lines, ours)
	}
	if h.Length > 0 && r.Header.Get("Content-Length") != strconv.FormatInt(h.Length, 10) {
		t.Errorf("%q: Content-Length %q", raw, r.Header.Get("Content-Length"))
	}
}

// FuzzLookup compares with the lists themselves.
func FuzzLookup(f *testing.F) {
	for _, name := range []string{"Authorization", "X_Api_Key", "sec-ch-ua", "X-Amz-Cf-Id", "", strings.Repeat("sec_", 20), "\xff"} {
		f.Add([]byte(name))
	}
	exact := map[string]bool{}
	for _, names := range head.Lists() {
		for _, name := range names {
			exact[name] = true
		}
	}
	prefixes, _ := head.Families()
	f.Fuzz(func(t *testing.T, name []byte) {
		plain := strings.ReplaceAll(strings.ToLower(string(name)), "_", "-")
		known := exact[plain] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(plain, p) })
		if got := head.Lookup(name); (got != head.Other) != known && isASCII(name) {
			t.Errorf("%q is %d", name, got)
		}
	})
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// FuzzWhole sends any bytes through ParseWhole. What it takes is what Parse makes of
// the same bytes behind fasthttp, which reads them to their last one, and no
// Follower would hold any of them back.
func FuzzWhole(f *testing.F) {
	for _, raw := range []string{
		chrome, get(), get("Connection: close, X-A"), get("Content-Length: 0"), get("Content_Length: 0"), get("Transfer-Encoding: chunked"),
		get("X-A: 1\r\n 2"), get() + get(), get() + "\r\n", "\r\n" + get(), "GET /x HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", "GET /x?u=http://y/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /x HTTP/1.1\r\n\r\n", "GET /x\r\nHost: a\r\n\r\n", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n", get("X-A: \xff\t"), get("X A: 1"),
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var whole head.Head
		if !whole.ParseWhole(raw) {
			return
		}
		h, err := parse(string(raw))
		if err != nil {
			t.Fatalf("%q is refused with %v", raw, err)
		}
		if written(h) != written(&whole) || h.Length != 0 || whole.Length != 0 || h.Close != whole.Close || h.Upgrade != whole.Upgrade {
			t.Errorf("%q became %q, and is %q", raw, written(&whole), written(h))
		}
		var reader head.Follower
		n, err := reader.Follow(raw)
		if n != len(raw) || err != nil || !reader.Rests() && !whole.Upgrade {
			t.Errorf("%q is followed to %d, %v", raw, n, err)
		}
	})
}
