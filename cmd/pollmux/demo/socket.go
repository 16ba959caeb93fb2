package demo

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Socket is the client's end of a WebSocket (RFC 6455), as much of it as a
// simulated client needs: whole messages to read, short texts to write. It is
// one user's at a time.
type Socket struct {
	conn   io.ReadWriteCloser
	reader *bufio.Reader
	forget func() bool
}

// Opcodes and bits of a frame's first two bytes (RFC 6455 section 5.2).
const (
	opText   = 0x1
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xa
	bitFinal = 0x80
	bitMask  = 0x80
)

// errHungUp is the end of a WebSocket in good order.
var errHungUp = errors.New("the WebSocket was closed")

// DialSocket opens a WebSocket at an http:// URL. It is closed when ctx ends.
func DialSocket(ctx context.Context, client *http.Client, url string) (*Socket, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails: crypto/rand
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": base64.StdEncoding.EncodeToString(nonce[:]),
	} {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok || resp.StatusCode != http.StatusSwitchingProtocols {
		_ = resp.Body.Close()
		return nil, unexpected(resp)
	}
	forget := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &Socket{conn: conn, reader: bufio.NewReader(conn), forget: forget}, nil
}

// Read returns the next message, and answers pings that come before it. It
// blocks.
func (s *Socket) Read() ([]byte, error) {
	for {
		op, payload, err := s.readFrame()
		if err != nil {
			return nil, err
		}
		switch op {
		case opClose:
			return nil, errHungUp
		case opPing:
			if err := s.write(opPong, payload); err != nil {
				return nil, err
			}
		case opPong:
		default:
			return payload, nil
		}
	}
}

// readFrame reads one frame. pollmux sends each message in one, and masks none.
func (s *Socket) readFrame() (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(s.reader, head[:]); err != nil {
		return 0, nil, err
	}
	size, err := s.readSize(head[1])
	if err != nil {
		return 0, nil, err
	}
	if head[0]&bitFinal == 0 || head[1]&bitMask != 0 || size > maxAnswer {
		return 0, nil, fmt.Errorf("a frame that this client does not read: % x, %d bytes", head, size)
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(s.reader, payload)
	return head[0] & 0xf, payload, err
}

func (s *Socket) readSize(second byte) (uint64, error) {
	size := uint64(second &^ bitMask)
	if size < 126 {
		return size, nil
	}
	var b [8]byte
	long := b[6:]
	if size == 127 {
		long = b[:]
	}
	_, err := io.ReadFull(s.reader, long)
	return binary.BigEndian.Uint64(b[:]), err
}

// Write sends a text.
func (s *Socket) Write(text []byte) error { return s.write(opText, text) }

// write sends one masked frame, as clients must (section 5.3).
func (s *Socket) write(op byte, payload []byte) error {
	frame := []byte{bitFinal | op}
	if size := len(payload); size < 126 {
		frame = append(frame, bitMask|byte(size))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, bitMask|126), uint16(size))
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:]) // never fails: crypto/rand
	frame = append(frame, mask[:]...)
	for i, b := range payload {
		frame = append(frame, b^mask[i%4])
	}
	_, err := s.conn.Write(frame)
	return err
}

// Close drops the connection.
func (s *Socket) Close() error {
	s.forget()
	return s.conn.Close()
}
