package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// fetchTimeout bounds a single exchange.
const fetchTimeout = 30 * time.Second

// Fetch asks once, on a connection of its own, and returns the answer as it came:
// its head with the empty line, and its body. An answer other than 200 is an error,
// or other than 304 if that is expected.
func Fetch(ctx context.Context, address string, r Request) (head, body []byte, err error) {
	c, err := dial(ctx, address, r.buffer())
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	_ = c.wire.SetDeadline(time.Now().Add(fetchTimeout))
	if err := (&poller{conn: c, request: r}).send(); err != nil {
		return nil, nil, err
	}
	head, length, err := c.rawHead(r.Unchanged)
	if err != nil {
		return nil, nil, err
	}
	body = make([]byte, length)
	_, err = io.ReadFull(c, body)
	return head, body, noEOF(err)
}

// rawHead reads a head that names the length of its body, or is that of a 304.
func (c *Conn) rawHead(unchanged bool) (raw []byte, length int64, err error) {
	h := Head{Length: -1}
	for {
		line, err := c.ReadSlice('\n')
		if err != nil {
			return nil, 0, noEOF(err)
		}
		if raw = append(raw, line...); len(line) <= len("\r\n") {
			break
		}
		if err := h.field(line); err != nil {
			return nil, 0, err
		}
	}
	if unchanged && bytes.HasPrefix(raw, []byte("HTTP/1.1 304")) {
		return raw, 0, nil
	}
	if status := "HTTP/1.1 200"; len(raw) < len(status) || string(raw[:len(status)]) != status || h.Length < 0 {
		return nil, 0, fmt.Errorf("%w: %.200q, not %d with a length", ErrAnswer, raw, http.StatusOK)
	}
	return raw, h.Length, nil
}
