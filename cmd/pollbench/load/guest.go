package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Farewell is how a held client was sent away.
type Farewell struct {
	Kind Kind
	At   time.Time // when its last byte had come
	Told bool      // it was told to come back, or that this is the end
	Cut  string    // how it ended in the middle of something, "" if it did not
}

// Guests hold clients of each kind until the server sends them away.
type Guests struct {
	Address string
	Target  string

	all       sync.WaitGroup
	mu        sync.Mutex
	farewells []Farewell
}

// Hold connects n clients, one kind after the other, and returns when all of them are
// answered, but for long polls, whose answer is the end.
func (g *Guests) Hold(n int, kinds []Kind) error {
	for i := range n {
		guest := &guest{kind: kinds[i%len(kinds)]}
		if err := guest.arrive(g.Address, g.Target); err != nil {
			return fmt.Errorf("%s client %d: %w", guest.kind, i, err)
		}
		g.all.Go(func() {
			f := guest.stay()
			_ = guest.conn.Close()
			g.mu.Lock()
			defer g.mu.Unlock()
			g.farewells = append(g.farewells, f)
		})
	}
	return nil
}

// Wait returns when all of them are gone.
func (g *Guests) Wait() []Farewell {
	g.all.Wait()
	return g.farewells
}

// guest is one client.
type guest struct {
	kind   Kind
	conn   net.Conn
	reader *bufio.Reader
	resp   *http.Response // nil for a long poll, until it is answered
	last   []byte         // of what was read
}

func (g *guest) arrive(address, target string) (err error) {
	if g.conn, err = net.Dial("tcp", address); err != nil {
		return err
	}
	_ = g.conn.SetDeadline(time.Now().Add(10 * time.Minute))
	g.reader = bufio.NewReaderSize(g.conn, 512)
	if _, err = fmt.Fprintf(g.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, address, guestFields[g.kind]); err != nil || g.kind == Longpoll {
		return err
	}
	g.resp, err = http.ReadResponse(g.reader, &http.Request{Method: http.MethodGet})
	if err == nil && g.resp.StatusCode != http.StatusOK && g.resp.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("status %d", g.resp.StatusCode)
	}
	return err
}

// guestFields are what each kind asks with.
var guestFields = map[Kind]string{
	Longpoll:  "Prefer: wait=600\r\nIf-None-Match: *\r\n",
	SSE:       "Accept: text/event-stream\r\n",
	NDJSON:    "Accept: application/x-ndjson\r\n",
	Multipart: "Accept: multipart/mixed\r\n",
	WebSocket: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n",
}

// stay reads to the end.
func (g *guest) stay() (f Farewell) {
	f.Kind = g.kind
	var err error
	switch g.kind {
	case Longpoll:
		if g.resp, err = http.ReadResponse(g.reader, &http.Request{Method: http.MethodGet}); err == nil {
			err = g.toTheEnd(g.resp.Body)
			f.Told = g.resp.Close
		}
	case WebSocket:
		var code int
		if code, err = g.closing(); err == nil {
			f.Told = code == 1012
		}
	default:
		err = g.toTheEnd(g.resp.Body)
		end := string(g.last)
		f.Told = g.kind == SSE && strings.Contains(end, "retry: ") || g.kind == NDJSON && strings.HasSuffix(end, "\n") || g.kind == Multipart && strings.HasSuffix(end, "\r\n")
	}
	if f.At = time.Now(); err != nil {
		f.Cut = stripped(err).Error()
	}
	return f
}

// toTheEnd reads a body until it has ended well, and keeps the last of it.
func (g *guest) toTheEnd(body io.Reader) error {
	const kept = 64
	var buf [512]byte
	for {
		n, err := body.Read(buf[:])
		g.last = append(g.last, buf[:n]...)
		g.last = g.last[max(len(g.last)-kept, 0):]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// closing reads frames up to a Close, answers it, and returns its code.
func (g *guest) closing() (code int, err error) {
	for {
		var head [2]byte
		if _, err = io.ReadFull(g.reader, head[:]); err != nil {
			return 0, err
		}
		length := int64(head[1])
		if length == 126 {
			var more [2]byte
			_, err = io.ReadFull(g.reader, more[:])
			length = int64(more[0])<<8 | int64(more[1])
		}
		payload := make([]byte, length)
		if err == nil {
			_, err = io.ReadFull(g.reader, payload)
		}
		if err != nil {
			return 0, err
		}
		if head[0] == opFinal|opClose && length >= 2 {
			_, err = g.conn.Write(append([]byte{opFinal | opClose, 0x82, 0, 0, 0, 0}, payload[:2]...))
			return int(payload[0])<<8 | int(payload[1]), err
		}
	}
}
