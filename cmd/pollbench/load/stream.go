package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
)

// stream is what the chunked conversations have in common.
type stream struct {
	subject
	conn     *Conn
	content  *bufio.Reader // the body without its chunks
	snapshot []byte
}

// begin asks for the stream by its media type.
func (s *stream) begin(accept string) error {
	_, err := fmt.Fprintf(s.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pollbench\r\nAccept: %s\r\n%s\r\n", s.target, s.host, accept, s.fields)
	if err != nil {
		return err
	}
	head, err := s.conn.readHead()
	if err != nil {
		return err
	}
	if head.Status != http.StatusOK || !head.Chunked {
		return fmt.Errorf("%w: status %d to a request for %s", ErrAnswer, head.Status, accept)
	}
	s.content = bufio.NewReaderSize(httputil.NewChunkedReader(s.conn.Reader), smallBuffer)
	return nil
}

// line reads a line, however long. It is good until the next one.
func (s *stream) line() ([]byte, error) {
	line, err := s.content.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(line)
		line, err = s.content.ReadBytes('\n')
		line = append(long, line...)
	}
	if err != nil {
		return nil, noEOF(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'}), nil
}

// events are server-sent events.
type events struct{ stream }

func (e *events) open() error { return e.begin("text/event-stream") }

// next returns the data of an event of the default type. Those with a name are
// about something else.
func (e *events) next() ([]byte, error) {
	e.snapshot = e.snapshot[:0]
	named := false
	for {
		line, err := e.line()
		if err != nil {
			return nil, err
		}
		data, isData := bytes.CutPrefix(line, []byte("data:"))
		switch {
		case isData:
			e.snapshot = append(e.snapshot, bytes.TrimPrefix(data, []byte{' '})...)
		case bytes.HasPrefix(line, []byte("event:")):
			named = true
		case len(line) == 0 && len(e.snapshot) > 0 && !named:
			return e.snapshot, nil
		case len(line) == 0:
			e.snapshot, named = e.snapshot[:0], false
		}
	}
}

// lines are NDJSON.
type lines struct{ stream }

func (l *lines) open() error { return l.begin("application/x-ndjson") }

// next returns a line that is not empty.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// parts are multipart/x-mixed-replace.
type parts struct{ stream }

func (p *parts) open() error { return p.begin("multipart/x-mixed-replace") }

// next reads a part by the length in its head.
func (p *parts) next() ([]byte, error) {
	length := -1
	for {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 {
				return nil, fmt.Errorf("%w: %.80q", ErrAnswer, line)
			}
		case len(line) == 0 && length >= 0:
			return p.body(length)
		}
	}
}

func (p *parts) body(length int) ([]byte, error) {
	if cap(p.snapshot) < length {
		p.snapshot = make([]byte, length)
	}
	p.snapshot = p.snapshot[:length]
	_, err := io.ReadFull(p.content, p.snapshot)
	return p.snapshot, noEOF(err)
}
