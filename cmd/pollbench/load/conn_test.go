package load

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAnAnswersHeadAndBodyAreReadToTheirEnd(t *testing.T) {
	for _, test := range []struct {
		answer string
		status int
		tag    string
		body   int64
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\nhello", 200, `"a"`, 5},
		{"HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n", 404, "", 0},
		{"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n", 200, "", 6},
		{"HTTP/1.0 200 OK\nContent-Length: 1\n\nx", 200, "", 1},
	} {
		c := reading(t, test.answer+"rest")
		h, err := c.readHead()
		if err != nil || h.Status != test.status || string(h.ETag) != test.tag {
			t.Fatalf("%q: %+v, %v", test.answer, h, err)
		}
		n, err := c.skip(h)
		if rest, _ := io.ReadAll(c); err != nil || n != test.body || string(rest) != "rest" {
			t.Errorf("%q: a body of %d bytes, %v, then %q", test.answer, n, err, rest)
		}
	}
}

func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	for answer, want := range map[string]error{
		"":                                    io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nContent-Le":       io.ErrUnexpectedEOF,
		"SSH-2.0-OpenSSH_9.6p1 and some more": io.ErrUnexpectedEOF,
		"SSH-2.0-OpenSSH_9.6p1 and more\r\n":  ErrAnswer,
		"HTTP/1.1 20\r\n\r\n":                 ErrAnswer,
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n":               ErrAnswer,
		"HTTP/1.1 200 OK\r\n\r\nuntil the end":                        ErrAnswer,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell":            io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh": io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", smallBuffer):   nil, // any
	} {
		c := reading(t, answer)
		h, err := c.readHead()
		if err == nil {
			_, err = c.skip(h)
		}
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%.60q: %v, not %v", answer, err, want)
		}
	}
}

func TestBytesAreCountedAsTheyCome(t *testing.T) {
	c := reading(t, "12345")
	if _, err := c.ReadByte(); err != nil || c.wire.read != 5 {
		t.Errorf("%d, %v", c.wire.read, err)
	}
}
