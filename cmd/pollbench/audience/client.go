package audience

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// client is one of them. It belongs to the loop.
type client struct {
	fd      int
	number  int
	talk    talk
	chunked bool
	coding  string // Content-Encoding
	stopped bool   // does not read
	tight   bool
	arrived bool // was answered
	closed  bool

	leaves time.Time // of those who come and go
	rude   bool      // leaves with a reset

	version int64 // 0 before the first

	skips           int   // gaps in what came, since it stopped reading
	queued          int64 // bytes that the kernel had when it went on
	bytes, messages int64 // read since then

	length int    // of the body of a long poll's answer
	etag   []byte // of it
	dated  []byte // its Last-Modified

	carry   []byte // the beginning of a frame, of which the rest is to come
	content []byte // the beginning of a snapshot
}

// talk is where in its conversation a client is.
type talk uint8

const (
	inHead    talk = iota
	inBody         // of a long poll's answer
	inStream       // without end
	inSockets      // after a WebSocket handshake
)

// heard is told of each snapshot.
type heard func(c *client, snapshot []byte)

// take reads what has come, and returns how much of it: the rest is the beginning
// of something.
func (c *client) take(b []byte, o *Options, tell heard) (n int, err error) {
	for n < len(b) {
		var step int
		switch c.talk {
		case inHead:
			step, err = c.readHead(b[n:], o)
		case inBody:
			step = c.readBody(b[n:], tell)
		case inStream:
			step, err = c.readStream(b[n:], o, tell)
		default:
			step, err = c.readFrame(b[n:], tell)
		}
		if err != nil || step == 0 {
			return n, err
		}
		n += step
	}
	return n, nil
}

// maxHead is more than any head takes here.
const maxHead = 16 << 10

var headEnd = []byte("\r\n\r\n")

// readHead reads the head of an answer.
func (c *client) readHead(b []byte, o *Options) (int, error) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		if len(b) > maxHead {
			return 0, fmt.Errorf("a head of more than %d bytes", maxHead)
		}
		return 0, nil
	}
	status, err := c.readFields(b[:end])
	if err != nil {
		return 0, err
	}
	end += len(headEnd)
	switch {
	case o.Kind == load.WebSocket && status == http.StatusSwitchingProtocols:
		c.talk = inSockets
	case o.Kind == load.Longpoll && status == http.StatusOK && c.length > 0 && len(c.etag) > 0:
		c.talk = inBody
	case o.Kind != load.WebSocket && o.Kind != load.Longpoll && status == http.StatusOK && c.coding == o.Coding:
		c.talk = inStream
	default:
		return 0, fmt.Errorf("unexpected answer: %.200q", b[:end])
	}
	return end, nil
}

// readFields reads the status and the fields that matter.
func (c *client) readFields(head []byte) (status int, err error) {
	if len(head) < len("HTTP/1.1 200") || !bytes.HasPrefix(head, []byte("HTTP/1.")) {
		return 0, fmt.Errorf("an answer that begins with %.40q", head)
	}
	status, _ = strconv.Atoi(string(head[9:12])) // 0 is unexpected as well
	c.coding = ""
	c.length, c.chunked, c.etag, c.dated = 0, false, c.etag[:0], c.dated[:0]
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte{':'})
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			c.length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			c.chunked = true
		case bytes.EqualFold(name, []byte("Content-Encoding")):
			c.coding = string(bytes.TrimSpace(value))
		case bytes.EqualFold(name, []byte("ETag")):
			c.etag = append(c.etag, bytes.TrimSpace(value)...)
		case bytes.EqualFold(name, []byte("Last-Modified")):
			c.dated = append(c.dated, bytes.TrimSpace(value)...)
		}
	}
	return status, err
}

// readBody reads the body of a long poll's answer.
func (c *client) readBody(b []byte, tell heard) int {
	if len(b) < c.length {
		return 0
	}
	c.talk = inHead
	tell(c, b[:c.length])
	return c.length
}

// readStream reads a piece of a stream, or a chunk if it has chunks.
func (c *client) readStream(b []byte, o *Options, tell heard) (int, error) {
	if !c.chunked {
		c.find(b, o.Size, tell)
		return len(b), nil
	}
	line := bytes.IndexByte(b, '\n')
	if line < 1 {
		return 0, nil
	}
	length, err := strconv.ParseInt(string(b[:line-1]), 16, 32)
	if err != nil || length == 0 {
		return 0, fmt.Errorf("a chunk that begins with %.40q", b)
	}
	end := line + 1 + int(length)
	if len(b) < end+len("\r\n") {
		return 0, nil
	}
	if b[end] != '\r' || b[end+1] != '\n' {
		return 0, fmt.Errorf("a chunk that ends with %.40q", b[end:])
	}
	plain, err := o.unpacker.unpack(b[line+1 : end])
	if err != nil {
		return 0, err
	}
	c.find(plain, o.Size, tell)
	return end + len("\r\n"), nil
}

var marker = []byte(Marker)

// find tells of the snapshots in a piece of content, and keeps the beginning of one
// that is not complete.
func (c *client) find(piece []byte, size int, tell heard) {
	b := piece
	if len(c.content) > 0 {
		c.content = append(c.content, piece...)
		b = c.content
	}
	for {
		begin := bytes.Index(b, marker)
		if begin < 0 {
			b = b[max(0, len(b)-len(marker)+1):]
			if begin = bytes.IndexByte(b, marker[0]); begin < 0 {
				begin = len(b)
			}
		}
		if b = b[begin:]; len(b) < size || !bytes.HasPrefix(b, marker) {
			break
		}
		tell(c, b[:size])
		b = b[size:]
	}
	c.content = append(c.content[:0], b...)
}
