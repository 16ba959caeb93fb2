package audience

import (
	"encoding/binary"
	"fmt"
)

// What begins a frame of RFC 6455 that is complete in itself.
const (
	frameText   = 0x81
	frameBinary = 0x82
	framePing   = 0x89
	framePong   = 0x8A
)

// readFrame reads a frame of a server, which are not masked.
func (c *client) readFrame(b []byte, tell heard) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	head, length := 2, uint64(b[1])
	switch {
	case length == 126 && len(b) >= 4:
		head, length = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case length == 127 && len(b) >= 10:
		head, length = 10, binary.BigEndian.Uint64(b[2:])
	case length == 126 || length == 127:
		return 0, nil
	}
	if length > maxFrame || b[1]&0x80 != 0 {
		return 0, fmt.Errorf("a frame that begins with %x", b[:head])
	}
	end := head + int(length)
	if len(b) < end {
		return 0, nil
	}
	switch b[0] {
	case frameText, frameBinary:
		tell(c, b[head:end])
	case framePing:
		if err := c.send(append([]byte{framePong, 0x80 | byte(length), 0, 0, 0, 0}, b[head:end]...)); err != nil {
			return 0, err
		}
	case framePong:
	default:
		return 0, fmt.Errorf("a frame that begins with %.40x", b[:end])
	}
	return end, nil
}

// maxFrame is more than any frame has here.
const maxFrame = 16 << 20
