package load

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// reading returns a connection from which a text can be read, and nothing more.
func reading(t *testing.T, text string) *Conn {
	t.Helper()
	c, _ := scripted(t, text)
	return c
}

// scripted is reading, with what the client wrote: complete once the connection
// is closed.
func scripted(t *testing.T, text string) (c *Conn, wrote func() string) {
	t.Helper()
	ours, theirs := net.Pipe()
	var talking sync.WaitGroup
	var said strings.Builder
	talking.Go(func() { _, _ = io.Copy(&said, theirs) })
	server := &halfClosed{Reader: strings.NewReader(text), Conn: ours}
	c = newConn(server, smallBuffer)
	wrote = func() string {
		c.Close()
		talking.Wait()
		return said.String()
	}
	t.Cleanup(func() { _ = wrote(); _ = theirs.Close() })
	return c, wrote
}

// halfClosed is a connection whose other end has said all that it will.
type halfClosed struct {
	io.Reader
	net.Conn
}

func (h *halfClosed) Read(p []byte) (int, error) { return h.Reader.Read(p) }

// serve serves a handler on loopback until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

// listen serves raw connections on loopback until the test ends, and closes them
// when talk returns.
func listen(t *testing.T, talk func(ctx context.Context, c net.Conn, in *bufio.Reader)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				talk(ctx, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

// testRandom is the same chance each time.
func testRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
