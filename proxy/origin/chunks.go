package origin

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
)

// maxChunkWaste bounds what chunks may cost besides their data, 16 bytes for
// each and twice the data being free: a server that sends single bytes is
// slow, one that sends long extensions is up to something.
const maxChunkWaste = 16 << 10

// chunks decodes the chunked coding (RFC 9112 section 7.1), up to and without
// the trailer section. The standard library's reader waits for the rest of a
// chunk that has come in part.
type chunks struct {
	br    *bufio.Reader
	left  int64 // bytes missing from the chunk under way
	inner bool  // the end of a chunk's data is still to come
	last  bool  // the last chunk has come
	waste int64
}

// Read returns what has come as soon as there is any; io.EOF after the last
// chunk.
func (c *chunks) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		switch {
		case c.last:
			return n, io.EOF
		case n > 0 && !c.ready():
			return n, nil
		case c.left == 0:
			err = c.next()
		default:
			var m int
			m, err = c.br.Read(p[n:][:min(int64(len(p)-n), c.left)])
			n, c.left = n+m, c.left-int64(m)
		}
	}
	return n, noEOF(err)
}

// ready reports whether going on needs nothing that has not come yet.
func (c *chunks) ready() bool {
	if c.left > 0 {
		return c.br.Buffered() > 0
	}
	buffered, _ := c.br.Peek(c.br.Buffered())
	if c.inner {
		buffered = buffered[min(len(buffered), len("\r\n")):]
	}
	return bytes.IndexByte(buffered, '\n') >= 0
}

// next reads from the end of one chunk's data to the beginning of the next
// one's.
func (c *chunks) next() error {
	if c.inner {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		if len(line) > 0 {
			return fmt.Errorf("%w: chunk is longer than it says", ErrMalformed)
		}
	}
	line, err := c.readLine()
	if err != nil {
		return err
	}
	if c.left, err = chunkSize(line); err != nil {
		return err
	}
	c.last, c.inner = c.left == 0, true
	c.waste = max(0, c.waste+int64(len(line))+4-16-2*min(c.left, math.MaxInt32))
	if c.waste > maxChunkWaste {
		return fmt.Errorf("%w: chunks of nothing", ErrMalformed)
	}
	return nil
}

// endsChunks reports whether chunks and an empty trailer section are all of raw.
func endsChunks(raw []byte) bool {
	const end = "0\r\n\r\n"
	if !bytes.HasSuffix(raw, []byte(end)) {
		return false
	}
	c := chunks{br: bufio.NewReader(bytes.NewReader(raw))}
	if _, err := io.Copy(io.Discard, &c); err != nil {
		return false
	}
	rest, _ := io.ReadAll(c.br)
	return string(rest) == "\r\n"
}

// readLine returns a line without its end. Bare line feeds are for heads only
// (RFC 9112 section 2.2).
func (c *chunks) readLine() ([]byte, error) {
	line, err := c.br.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, fmt.Errorf("%w: chunk size", ErrMalformed)
	}
	if err != nil {
		return nil, err
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || bytes.IndexByte(line, '\r') >= 0 {
		return nil, fmt.Errorf("%w: chunk size", ErrMalformed)
	}
	return line, nil
}

// chunkSize reads a size in front of extensions, which nobody uses. Old servers
// pad it with spaces.
func chunkSize(line []byte) (int64, error) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	size, err := strconv.ParseInt(string(bytes.TrimRight(digits, " \t")), 16, 64)
	if err != nil || size < 0 || digits[0] == '+' || digits[0] == '-' {
		return 0, fmt.Errorf("%w: chunk size", ErrMalformed)
	}
	return size, nil
}
