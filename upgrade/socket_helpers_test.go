package upgrade_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	client "github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// sockets is a server of WebSockets on a real listener.
type sockets struct {
	t        *testing.T
	listener net.Listener
	engine   *fanout.Engine
	source   *fake
	options  upgrade.SocketOptions
	terms    fanout.Terms
	fields   []upgrade.Field // of the handshake
	count    counter
	ended    chan fanout.End
}

func newSockets(t *testing.T, source *fake, change ...func(*sockets)) *sockets {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sockets{
		t: t, listener: l, source: source, ended: make(chan fanout.End, 100),
		engine:  fanout.New(func(err error) { t.Errorf("reported: %v", err) }),
		options: upgrade.SocketOptions{Ping: time.Minute, MaxMessage: 1000},
		terms:   fanout.Terms{Beat: time.Minute, Steady: true, Linger: await.Patience},
	}
	s.options.Delivered = s.count.delivered
	for _, c := range change {
		c(s)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-served
		s.engine.Close()
	})
	return s
}

// serve does what the proxy does with a handshake.
func (s *sockets) serve(c net.Conn) {
	br := bufio.NewReader(c)
	r, err := http.ReadRequest(br)
	if err != nil {
		_ = c.Close()
		return
	}
	early, _ := br.Peek(br.Buffered())
	fields := append([]upgrade.Field{{Name: "Via", Value: "1.1 pollmux"}}, s.fields...)
	terms := s.terms
	terms.Early = bytes.Clone(early)
	socket := upgrade.NewSocket(r.Header.Get("Sec-WebSocket-Key"), fields, s.source, s.options)
	s.engine.Hold(c, socket, terms, func(end fanout.End) {
		_ = c.Close()
		s.ended <- end
	})
}

// dial opens a WebSocket with the library's client.
func (s *sockets) dial() *client.Conn {
	s.t.Helper()
	ws, _, err := client.DefaultDialer.Dial("ws://"+s.listener.Addr().String()+"/", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(await.Patience))
	s.t.Cleanup(func() { _ = ws.Close() })
	return ws
}

// sampleKey and sampleAccept are those of RFC 6455 section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// raw is a client that writes and reads frames itself.
type raw struct {
	t *testing.T
	net.Conn
	r    *bufio.Reader
	head []byte // of the answer to the handshake

	deflates bool // RSV1 is allowed
}

// open sends a handshake and bytes glued to it.
func (s *sockets) open(glued ...byte) *raw {
	s.t.Helper()
	c, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	r := &raw{t: s.t, Conn: c, r: bufio.NewReader(c)}
	r.send(append([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+sampleKey+"\r\n\r\n"), glued...))
	for !bytes.HasSuffix(r.head, []byte("\r\n\r\n")) {
		line, err := r.r.ReadBytes('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		r.head = append(r.head, line...)
	}
	return r
}

func (r *raw) send(b []byte) {
	r.t.Helper()
	if _, err := r.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// next reads a frame.
func (r *raw) next() (frame, error) {
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(r.r, head); err != nil {
		return frame{}, err
	}
	if r.deflates {
		head[0] &^= 0x40
	}
	more := map[byte]int{126: 2, 127: 8}[head[1]&0x7f]
	if _, err := io.ReadFull(r.r, head[2:2+more]); err != nil {
		return frame{}, err
	}
	head = head[:2+more]
	size := uint64(head[1] & 0x7f)
	switch more {
	case 2:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		size = binary.BigEndian.Uint64(head[2:])
	}
	if size > 1<<30 {
		r.t.Fatalf("a frame of %d bytes", size)
	}
	b := append(head, make([]byte, size)...)
	if _, err := io.ReadFull(r.r, b[len(head):]); err != nil {
		return frame{}, err
	}
	f, rest, ok := cutFrame(b)
	if !ok || len(rest) > 0 {
		r.t.Fatalf("no frame: %.50q", b)
	}
	return f, nil
}

// want reads a frame and compares.
func (r *raw) want(op byte, payload string) {
	r.t.Helper()
	f, err := r.next()
	if err != nil || f.op != op || string(f.payload) != payload {
		r.t.Fatalf("got %d %.200q, %v; want %d %.200q", f.op, f.payload, err, op, payload)
	}
}

// wantClose reads until a Close frame, answers it, and wants nothing behind it
// but the end of the connection. Then it leaves.
func (r *raw) wantClose(code int) (reason string) {
	r.t.Helper()
	for {
		f, err := r.next()
		if err != nil {
			r.t.Fatalf("instead of close %d: %v", code, err)
		}
		if f.op != opClose {
			continue
		}
		if got := int(binary.BigEndian.Uint16(f.payload)); got != code {
			r.t.Fatalf("close %d %q, want %d", got, f.payload[2:], code)
		}
		_, _ = r.Write(clientFrame(true, opClose, string(f.payload[:2])))
		r.wantEnd()
		return string(f.payload[2:])
	}
}

// wantEnd wants the server to have closed first, and leaves.
func (r *raw) wantEnd() {
	r.t.Helper()
	if f, err := r.next(); err != io.EOF {
		r.t.Fatalf("after the Close came %d %.100q, %v", f.op, f.payload, err)
	}
	_ = r.Close()
}

// clientFrame is a client's frame.
func clientFrame(final bool, op byte, payload string) []byte {
	b := []byte{op, 0x80}
	if final {
		b[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b[1] |= byte(n)
	case n < 1<<16:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] |= 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	key := []byte{0x12, 0x34, 0x56, 0x78}
	b = append(b, key...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}
