package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// Conn is a client's connection. It belongs to one goroutine; only Close may be
// called by others.
type Conn struct {
	*bufio.Reader
	wire wire
	head Head
}

// wire counts what is read.
type wire struct {
	net.Conn
	read int64
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.read += int64(n)
	return n, err
}

// smallBuffer holds the head of an answer, largeBuffer keeps bulk transfers from
// being a benchmark of read(2).
const (
	smallBuffer = 4 << 10
	largeBuffer = 256 << 10
)

// dialTimeout is long: a server with thousands of clients to accept takes its
// time.
const dialTimeout = 30 * time.Second

// dial connects. buffer is the size of the read buffer.
func dial(ctx context.Context, address string, buffer int) (*Conn, error) {
	return dialFrom(ctx, nil, address, buffer)
}

// dialFrom connects from an address of this machine; nil is any.
func dialFrom(ctx context.Context, from net.IP, address string, buffer int) (*Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if from != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: from}
	}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return newConn(c, buffer), nil
}

func newConn(c net.Conn, buffer int) *Conn {
	conn := &Conn{wire: wire{Conn: c}}
	conn.Reader = bufio.NewReaderSize(&conn.wire, buffer)
	return conn
}

// Write writes to the connection.
func (c *Conn) Write(p []byte) (int, error) { return c.wire.Write(p) }

// Close closes the connection, and ends whoever reads from it.
func (c *Conn) Close() { _ = c.wire.Close() }

// Head is what of an answer's head is looked at.
type Head struct {
	Status  int
	Length  int64 // of the body; -1 if the head does not say
	Chunked bool
	ETag    []byte // good until the next head
}

// ErrAnswer is an answer that is not what was expected.
var ErrAnswer = errors.New("unexpected answer")

// readHead reads the head of an answer.
func (c *Conn) readHead() (*Head, error) {
	h := &c.head
	*h = Head{Length: -1, ETag: h.ETag[:0]}
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return nil, fmt.Errorf("%w: it begins with %.40q", ErrAnswer, line)
	}
	h.Status, _ = strconv.Atoi(string(line[9:12])) // 0 is unexpected as well
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return h, err
		}
		if err := h.field(line); err != nil {
			return nil, err
		}
	}
}

// field takes a field line in. The length of a name tells most of them apart.
func (h *Head) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.TrimSpace(value)
	switch {
	case len(name) == len("ETag") && bytes.EqualFold(name, []byte("ETag")):
		h.ETag = append(h.ETag, value...)
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: %.80q", ErrAnswer, line)
		}
		h.Length = n
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.Chunked = bytes.EqualFold(value, []byte("chunked"))
	}
	return nil
}

// line reads a line without its end. It is good until the next read.
func (c *Conn) line() ([]byte, error) { return readLine(c.Reader) }

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, noEOF(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'}), nil
}

// noEOF is for where more must come.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip reads the body that belongs to a head and returns its length.
func (c *Conn) skip(h *Head) (int64, error) {
	if h.Chunked {
		n, err := io.Copy(io.Discard, httputil.NewChunkedReader(c.Reader))
		if err == nil {
			_, err = c.line() // the empty line behind the last chunk
		}
		return n, err
	}
	if h.Length < 0 {
		return 0, fmt.Errorf("%w: a body of unknown length", ErrAnswer)
	}
	n, err := c.Discard(int(h.Length))
	return int64(n), noEOF(err)
}
