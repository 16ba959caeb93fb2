package observe

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// FuzzTraits: whatever a client sends, its traits are few, sorted and each of its
// own name, and two readings of them are equal.
func FuzzTraits(f *testing.F) {
	for _, lines := range []string{
		"Cookie: sid=1; theme=dark;; a; =b\r\nCookie: sid=2", "Authorization: Bearer x\r\nX-Api-Key: y\r\nX_API_KEY: z",
		"User-Agent: Mozilla/5.0\r\nAccept-Language: en-US,en;q=0.5\r\nSec-Fetch-Mode: cors", strings.Repeat("X-A: 1\r\nX-B: 2\r\n", 30),
		"X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\nForwarded: for=1",
	} {
		f.Add("/x?a=1&b&&=c&a=2", lines)
		f.Add("/", lines)
	}
	o := New(Limits{}, nil)
	f.Cleanup(o.Close)
	f.Fuzz(func(t *testing.T, target, lines string) {
		raw := "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + strings.TrimRight(lines, "\r\n") + "\r\n\r\n"
		req, h := new(fasthttp.RequestHeader), new(head.Head)
		if req.Read(bufio.NewReaderSize(strings.NewReader(raw), len(raw)+1)) != nil || h.Parse(req) != nil {
			return
		}
		var a, b traits
		a.collect(o, h, Client{})
		b.collect(o, h, Client{})
		fields := a.fields()
		for i := 1; i < len(fields); i++ {
			if fields[i-1].name >= fields[i].name {
				t.Errorf("%d and %d are not in order: %v", i-1, i, fields)
			}
		}
		diverge(fields, b.fields(), func(name uint32) { t.Errorf("%d differs from itself", name) })
		n := names{}
		n.meet(&a)
		n.blame(fields, nil, fields)
		if len(fields) > maxTraits || len(n) != len(fields) {
			t.Errorf("%d traits, %d names", len(fields), len(n))
		}
		for _, s := range n.separators() {
			if s.Name == "" || len(s.Name) > maxText {
				t.Errorf("reported as %q", s.Name)
			}
		}
	})
}

// FuzzBody: whatever an origin sends in whatever coding, reading it ends, with
// nothing held.
func FuzzBody(f *testing.F) {
	text := []byte(`{"v":1, "server_time": 2}`)
	for coding, encode := range encoders {
		whole := encode(text)
		f.Add(coding, whole)
		f.Add(coding, whole[:len(whole)/2])
		f.Add(coding, encode(bytes.Repeat([]byte{'x'}, 1<<16)))
	}
	f.Add("", text)
	f.Add("gzip, br", text)
	f.Fuzz(func(t *testing.T, coding string, sent []byte) {
		o := new(Observer)
		o.limit.Store(8 << 10)
		ignore, _ := feed.ParsePointer("/server_time")
		x := &Look{route: &Route{observer: o, policy: Policy{Ignore: []feed.Pointer{ignore}}}}
		x.begin(&origin.Response{Status: 200, Length: -1, Header: origin.Header{{Name: "Content-Encoding", Value: coding}}})
		for part := range bytes.Lines(sent) {
			x.saw(part)
		}
		if x.body.buffers {
			x.digest()
		}
		x.body.free(o)
		if n := o.held.Load(); n != 0 || x.outcome.bytes != int64(len(sent)) {
			t.Errorf("%d bytes held, %d of %d seen", n, x.outcome.bytes, len(sent))
		}
	})
}
