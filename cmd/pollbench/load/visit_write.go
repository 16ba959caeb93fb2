package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// write sends numbered writes, each once, and goes before some of the answers.
func (v *Visit) write(ctx context.Context) {
	for range 1 + v.random.IntN(polls) {
		if v.writeOnce(ctx) != nil || !pause(ctx, time.Duration(v.random.Int64N(int64(breather)))) {
			return
		}
	}
}

func (v *Visit) writeOnce(ctx context.Context) error {
	w := v.traffic.Writes
	number := w.next()
	body := v.traffic.Number(number)
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%s", v.traffic.Write, v.traffic.Address, v.fields())
	if v.chance(2) {
		request = fmt.Appendf(request, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	} else {
		request = fmt.Appendf(request, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	v.asked()
	if _, err := v.conn.Write(request); err != nil {
		return err
	}
	if v.chance(10) {
		return errLeft
	}
	head, err := v.answer(ctx)
	if err != nil {
		return err
	}
	w.answered(number, head.Status)
	_, err = v.conn.skip(head)
	return err
}

// send writes by WebSocket, and hears of everything meanwhile.
func (v *Visit) send(ctx context.Context) {
	socket := &webSocket{conn: v.conn, subject: v.subject()}
	began := time.Now()
	defer func() { v.heldSince(began) }()
	v.asked()
	if socket.open() != nil {
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { // ended by the connection
		for {
			snapshot, err := socket.next()
			if err != nil {
				return
			}
			v.see(snapshot)
		}
	})
	v.traffic.Writes.sent(v.speak(ctx))
	_ = v.conn.wire.SetReadDeadline(time.Unix(1, 0))
	reading.Wait()
}

// speak sends numbered messages until it is stopped, and returns the numbers.
func (v *Visit) speak(ctx context.Context) (numbers []int64) {
	for range 1 + v.random.IntN(polls) {
		number := v.traffic.Writes.next()
		numbers = append(numbers, number)
		v.asked()
		if _, err := v.conn.Write(message(v.traffic.Number(number))); err != nil {
			break
		}
		if !pause(ctx, time.Duration(v.random.Int64N(int64(breather)))) {
			break
		}
	}
	return numbers
}

// message is a text frame of a client, masked with zeros.
func message(payload []byte) []byte {
	frame := []byte{opFinal | opText, 0x80 | byte(min(len(payload), 126))}
	if len(payload) >= 126 {
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	}
	return append(append(frame, 0, 0, 0, 0), payload...)
}

// upload sends the beginning of a body and goes, or stops sending. It never
// sends all of it.
func (v *Visit) upload(ctx context.Context) {
	v.asked()
	framing, piece := fmt.Sprintf("Content-Length: %d", 10*pieceSize), strings.Repeat("x", pieceSize)
	if v.chance(2) {
		framing, piece = "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n", pieceSize, piece)
	}
	if _, err := fmt.Fprintf(v.conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", v.traffic.Upload, v.traffic.Address, framing); err != nil {
		return
	}
	for range v.random.IntN(9) {
		if _, err := v.conn.Write([]byte(piece)); err != nil || !pause(ctx, breather/10) {
			return
		}
	}
	if tcp, ok := v.conn.wire.Conn.(*net.TCPConn); ok && v.chance(2) {
		_ = tcp.CloseWrite()
		_, _ = v.conn.readHead()
	}
}

// pieceSize is a tenth of an upload.
const pieceSize = 10 << 10
