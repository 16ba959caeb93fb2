package origin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// heads are seeds: what real servers send, and what some have been caught at.
var heads = []string{
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 5\r\nConnection: keep-alive\r\nETag: \"6745\"\r\nAccept-Ranges: bytes\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nServer: Apache/2.4.57 (Debian)\r\nX-Powered-By: PHP/5.6.40\r\nSet-Cookie: PHPSESSID=1; path=/\r\nSet-Cookie: a=\"b, c\"; HttpOnly\r\nVary: Accept-Encoding\r\nKeep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Type: text/html; charset=utf-8\r\nServer: Microsoft-IIS/6.0\r\nX-AspNet-Version: 2.0.50727\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nContent-type: text/html\r\n\r\nhello",
	"HTTP/1.1 304 Not Modified\r\nETag: W/\"1\"\r\nContent-Length: 100\r\n\r\n",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3 \r\nhel\r\n02;a=\"b\"\r\nlo\r\n000\r\nX-Sum: 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
	"HTTP/1.1 500 Internal Server Error\nContent-Type: text/plain\nX: a\n  b\n\noops",
	"HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length : 2\r\n\r\nhi",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
	"HTTP/1.1 200 \r\n\r\n", "HTTP/1.1 200\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n:\r\n\r\n", "HTTP/1.1 200 OK\r\n \r\n\r\n",
}

// fakeConn is a connection to a server that sends some bytes and then closes.
type fakeConn struct {
	io.Reader
	closed bool
}

func (c *fakeConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c *fakeConn) Close() error                     { c.closed = true; return nil }
func (c *fakeConn) LocalAddr() net.Addr              { return nil }
func (c *fakeConn) RemoteAddr() net.Addr             { return nil }
func (c *fakeConn) SetDeadline(time.Time) error      { return nil }
func (c *fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }

func FuzzReadHead(f *testing.F) {
	for _, seed := range heads {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		from := bytes.NewReader(wire)
		c := newConn(&fakeConn{Reader: from}, time.Now())
		h, err := c.readHead(nil)
		if err != nil {
			if err != io.EOF && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if size := len(wire) - from.Len() - c.br.Buffered(); size > maxHead || len(h.header) > maxFields {
			t.Fatalf("%d bytes, %d fields", size, len(h.header))
		}
		again, err := newConn(&fakeConn{Reader: bytes.NewReader(writeHead(&h))}, time.Now()).readHead(nil)
		h.sloppy = ""
		if len(h.header) == 0 {
			h.header = Header{}
		}
		if err != nil || !reflect.DeepEqual(h, again) {
			t.Fatalf("%+v\nbecame %+v\n%v", h, again, err)
		}
	})
}

// writeHead is the inverse of readHead.
func writeHead(h *head) []byte {
	version := "HTTP/1.1"
	if h.http10 {
		version = "HTTP/1.0"
	}
	b := fmt.Appendf(nil, "%s %d \r\n", version, h.status)
	for _, f := range h.header {
		b = fmt.Appendf(b, "%s: %s\r\n", f.Name, f.Value)
	}
	return append(b, "\r\n"...)
}

// reply is what an exchange made of a server's bytes.
type reply struct {
	status  int
	sloppy  string
	length  int64
	body    string
	trailer Header
	err     error
	kept    bool // the connection
	rest    int  // bytes after the response
}

// replyTo plays an exchange with a server that sends these bytes, whatever the
// request.
func replyTo(t *testing.T, method string, upgrade bool, from io.Reader, buffer int) (r reply) {
	t.Helper()
	client := NewClient(&url.URL{Scheme: "http", Host: "origin"}, nil)
	defer client.Close()
	server := &fakeConn{Reader: from}
	c := newConn(server, time.Now())
	x := client.exchange(t.Context(), c, &Request{Method: method, Upgrade: upgrade, Interim: func(int, Header) {}}, time.Now())
	resp, err := x.run([]byte("GET / HTTP/1.1\r\n\r\n"))
	if err != nil {
		if resp != nil || !server.closed {
			t.Fatalf("an error, %v, and %+v, closed: %v", err, resp, server.closed)
		}
		return reply{err: err}
	}
	r = reply{status: resp.Status, sloppy: resp.Sloppy, length: resp.Length}
	if resp.Tunnel != nil {
		_ = resp.Tunnel.Close()
		return r
	}
	body, err := io.ReadAll(struct{ io.Reader }{&limitedReader{resp.Body, buffer}})
	_ = resp.Body.Close()
	r.body, r.trailer, r.err = string(body), resp.Trailer, err
	r.kept, r.rest = client.pool.pop() == c, c.br.Buffered()
	if r.kept == server.closed {
		t.Fatalf("kept: %v, closed: %v", r.kept, server.closed)
	}
	return r
}

// limitedReader reads in pieces.
type limitedReader struct {
	io.Reader
	size int
}

func (r *limitedReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), r.size)]) }

func FuzzResponse(f *testing.F) {
	for i, seed := range heads {
		f.Add([]byte(seed), byte(i))
	}
	f.Fuzz(func(t *testing.T, wire []byte, kind byte) {
		method := [...]string{"GET", "GET", "HEAD", "POST"}[kind%4]
		upgrade := kind%8 == 1
		got := replyTo(t, method, upgrade, bytes.NewReader(wire), 1<<10)
		again := replyTo(t, method, upgrade, iotest.OneByteReader(bytes.NewReader(wire)), 1)
		if got.status != again.status || got.body != again.body || (got.err == nil) != (again.err == nil) || !reflect.DeepEqual(got.trailer, again.trailer) {
			t.Fatalf("%+v\nbyte by byte: %+v", got, again)
		}
		checkReply(t, got, method)
		compareReply(t, got, method, wire)
	})
}

// checkReply holds a reply to what it says itself.
func checkReply(t *testing.T, r reply, method string) {
	t.Helper()
	switch {
	case r.err != nil && r.kept:
		t.Fatalf("the connection is kept after %v", r.err)
	case r.kept && (r.sloppy != "" || r.rest > 0):
		t.Fatalf("the connection is kept: %+v", r)
	case r.err == nil && r.length >= 0 && int64(len(r.body)) != r.length:
		t.Fatalf("%d bytes of %d", len(r.body), r.length)
	case method == "HEAD" && r.body != "":
		t.Fatalf("HEAD: %q", r.body)
	}
}

// compareReply holds a whole reply to what net/http thinks, which is laxer in
// some points and stricter in none that matters for a body.
func compareReply(t *testing.T, r reply, method string, wire []byte) {
	t.Helper()
	if r.err != nil || r.status == 101 || r.sloppy != "" {
		return
	}
	br := bufio.NewReader(bytes.NewReader(wire))
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	for err == nil && resp.StatusCode < 200 {
		resp, err = http.ReadResponse(br, &http.Request{Method: method})
	}
	if err != nil {
		return
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != r.status || string(body) != r.body) {
		t.Fatalf("got %+v, net/http %d %q", r, resp.StatusCode, body)
	}
}

// FuzzChunks holds chunks to the standard library's reader, which alone refuses
// white space before an extension (RFC 9112 section 7.1.1 has it).
func FuzzChunks(f *testing.F) {
	for _, seed := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "3 \r\nhel\r\n02;a=\"b\"\r\nlo\r\n000\r\n\r\n", "A;x\r\n0123456789\r\n0\r\n", "5\nhello\n0\n\n", "0x5\r\nhello\r\n0\r\n", "7fffffffffffffff\r\nhello", "1\r\nx\r\n7fffffffffffffff\r\nhello",
		"ffffffffffffffffff\r\n", "5\r\nhello", "5\r\nhelloworld\r\n0\r\n", "-1\r\n", ";\r\n", "1 ;a\r\nx\r\n0\t;a=\"b\"\r\n", "\r\n", "1\r\nx\r\n" + strings.Repeat("1;"+strings.Repeat("y", 3000)+"\r\nx\r\n", 6) + "0\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		ours, theirs := bufio.NewReader(bytes.NewReader(wire)), bufio.NewReader(bytes.NewReader(wire))
		got, err := io.ReadAll(&chunks{br: ours})
		want, wantErr := io.ReadAll(httputil.NewChunkedReader(theirs))
		if err == nil && wantErr != nil && (bytes.Contains(wire, []byte(" ;")) || bytes.Contains(wire, []byte("\t;"))) {
			return
		}
		if (err == nil) != (wantErr == nil) || err == nil && (!bytes.Equal(got, want) || ours.Buffered() != theirs.Buffered()) {
			t.Fatalf("got %q, %v, and %d left; want %q, %v, and %d left", got, err, ours.Buffered(), want, wantErr, theirs.Buffered())
		}
	})
}
