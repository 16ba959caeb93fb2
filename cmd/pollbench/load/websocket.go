package load

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
)

// webSocket is a client of RFC 6455 that only listens.
type webSocket struct {
	subject
	conn    *Conn
	payload []byte
}

// The opcodes that a server sends.
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xA
	opFinal  = 0x80
)

// key is any 16 bytes: nobody checks the answer to it here.
const key = "cG9sbGJlbmNoIHBvbGxiZQ=="

func (w *webSocket) open() error {
	_, err := fmt.Fprintf(w.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pollbench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n", w.target, w.host, key, w.fields)
	if err != nil {
		return err
	}
	head, err := w.conn.readHead()
	if err == nil && head.Status != http.StatusSwitchingProtocols {
		err = fmt.Errorf("%w: status %d to a WebSocket handshake", ErrAnswer, head.Status)
	}
	return err
}

// next returns a message, and answers pings on the way.
func (w *webSocket) next() ([]byte, error) {
	for {
		opcode, err := w.frame()
		if err != nil {
			return nil, err
		}
		switch opcode {
		case opFinal | opText, opFinal | opBinary:
			return w.payload, nil
		case opFinal | opPing:
			if err := w.pong(); err != nil {
				return nil, err
			}
		case opFinal | opPong:
		default:
			return nil, fmt.Errorf("%w: a frame that begins with %#x: %.80q", ErrAnswer, opcode, w.payload)
		}
	}
}

// frame reads a frame into payload and returns its first byte.
func (w *webSocket) frame() (opcode byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(w.conn, head[:2]); err != nil {
		return 0, noEOF(err)
	}
	opcode, length := head[0], uint64(head[1])
	switch length {
	case 126:
		_, err = io.ReadFull(w.conn, head[:2])
		length = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(w.conn, head[:8])
		length = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return 0, noEOF(err)
	}
	return opcode, w.read(length)
}

func (w *webSocket) read(length uint64) error {
	if length > maxMessage {
		return fmt.Errorf("%w: a frame of %d bytes", ErrAnswer, length)
	}
	if uint64(cap(w.payload)) < length {
		w.payload = make([]byte, length)
	}
	w.payload = w.payload[:length]
	_, err := io.ReadFull(w.conn, w.payload)
	return noEOF(err)
}

// maxMessage bounds what a server can make a client allocate.
const maxMessage = 64 << 20

// pong answers the ping in payload, masked with zeros.
func (w *webSocket) pong() error {
	frame := append([]byte{opFinal | opPong, 0x80 | byte(len(w.payload)), 0, 0, 0, 0}, w.payload...)
	_, err := w.conn.Write(frame)
	return err
}
