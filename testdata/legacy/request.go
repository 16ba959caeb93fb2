package legacy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of what a Faulty origin reads and keeps of one request, in bytes.
const (
	maxHead     = 1 << 20
	maxKeptBody = 64 << 10
)

// Request is one request as it came over the wire. Its contents must not be
// changed.
type Request struct {
	Number int       // 1 for the first that the origin got
	Conn   int       // the ordinal of its connection, 1 for the first
	At     time.Time // when the last byte of the head had come

	// From the head; zero if it is not HTTP.
	Method string
	Target string // as sent: path and query
	Path   string // without the query
	Header http.Header

	Head     []byte // raw, the empty line included
	Body     []byte // raw, chunk framing included; the first 64 KiB
	BodySize int64  // all of it, on the wire
	Whole    bool   // head and body came to their end

	parsed *http.Request // its Body is not for use
}

// HTTP parses the raw bytes anew. The body is decoded, and ends early
// (io.ErrUnexpectedEOF) if it is longer than what was kept of it.
func (r *Request) HTTP() (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(r.Head), bytes.NewReader(r.Body))))
}

// newRequest parses a head, as far as it is one.
func newRequest(head []byte, err error) *Request {
	r := &Request{Head: head}
	if err != nil {
		return r
	}
	parsed, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return r
	}
	r.parsed, r.Method, r.Target, r.Header = parsed, parsed.Method, parsed.RequestURI, parsed.Header
	r.Path, _, _ = strings.Cut(r.Target, "?")
	r.Whole = !r.hasBody()
	return r
}

func (r *Request) hasBody() bool { return r.parsed != nil && r.parsed.ContentLength != 0 }

func (r *Request) chunked() bool { return r.parsed.ContentLength < 0 }

// expectsContinue reports whether the client waits for a 100 before its body.
func (r *Request) expectsContinue() bool {
	return r.hasBody() && strings.EqualFold(r.Header.Get("Expect"), "100-continue")
}

// readHead returns the bytes up to and including the first empty line, or
// those that came before an error.
func readHead(from *bufio.Reader) ([]byte, error) {
	var head []byte
	for {
		line, err := from.ReadSlice('\n')
		head = append(head, line...)
		switch {
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return head, err
		case bytes.HasSuffix(head, []byte("\r\n\r\n")), bytes.HasSuffix(head, []byte("\n\n")):
			return head, nil
		case len(head) > maxHead:
			return head, fmt.Errorf("head is longer than %d bytes", maxHead)
		}
	}
}

// readBody moves the raw body of the request to the writer.
func (r *Request) readBody(to io.Writer, from *bufio.Reader) error {
	if !r.chunked() {
		_, err := io.CopyN(to, from, r.parsed.ContentLength)
		return err
	}
	for size := int64(-1); size != 0; {
		line, err := copyLine(to, from)
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";") // extensions
		if size, err = strconv.ParseInt(strings.TrimSpace(digits), 16, 64); err != nil || size < 0 {
			return fmt.Errorf("chunk size %q", line)
		}
		if size > 0 {
			if _, err := io.CopyN(to, from, size+int64(len("\r\n"))); err != nil {
				return err
			}
		}
	}
	return copyTrailer(to, from)
}

func copyTrailer(to io.Writer, from *bufio.Reader) error {
	for {
		line, err := copyLine(to, from)
		if line == "" || err != nil {
			return err
		}
	}
}

// copyLine returns the line without its end.
func copyLine(to io.Writer, from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n')
	to.Write(line) // to keptBody, which does not fail
	return strings.TrimRight(string(line), "\r\n"), err
}

// keptBody counts what is written and keeps the beginning.
type keptBody struct {
	kept []byte
	size int64
}

func (b *keptBody) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxKeptBody-len(b.kept))]...)
	b.size += int64(len(p))
	return len(p), nil
}
