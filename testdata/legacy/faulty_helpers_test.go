package legacy_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// plain is an answer whose bytes do not depend on the time.
func plain(body string) legacy.Answer {
	return legacy.Answer{Header: http.Header{"Date": nil}, Body: []byte(body)}
}

const plainHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

func listening(t *testing.T, answer legacy.Answer) *legacy.Faulty {
	t.Helper()
	origin := legacy.NewFaulty(answer, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	return origin
}

// wire is a client's bare connection.
type wire struct {
	net.Conn
	t      *testing.T
	reader *bufio.Reader
}

func dial(t *testing.T, origin *legacy.Faulty) *wire {
	t.Helper()
	socket, err := net.Dial("tcp", origin.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	socket.SetDeadline(time.Now().Add(await.Patience))
	return &wire{socket, t, bufio.NewReader(socket)}
}

func (w *wire) send(text string) *wire {
	w.t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// ask sends a bare GET.
func (w *wire) ask(path string) *wire {
	w.t.Helper()
	return w.send("GET " + path + " HTTP/1.1\r\nHost: origin\r\n\r\n")
}

// expect reads exactly this.
func (w *wire) expect(text string) *wire {
	w.t.Helper()
	got := make([]byte, len(text))
	n, err := io.ReadFull(w.reader, got)
	if string(got[:n]) != text {
		w.t.Fatalf("got %q (%v), want %q", got[:n], err, text)
	}
	return w
}

// expectEnd reads to the end and wants this and no more.
func (w *wire) expectEnd(text string) {
	w.t.Helper()
	if got, err := io.ReadAll(w.reader); string(got) != text || err != nil {
		w.t.Fatalf("got %q and %v, want %q", got, err, text)
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	t.Cleanup(cancel)
	return ctx
}

// pipes is a listener in memory, for testing/synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(t *testing.T) *wire {
	client, origin := net.Pipe()
	p.conns <- origin
	return &wire{client, t, bufio.NewReader(client)}
}
