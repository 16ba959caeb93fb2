//go:build unix

package origin

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// TestARequestThatTheSocketTakesInPiecesArrivesWhole: the rest is written as
// usual, and then the answer is waited for.
func TestARequestThatTheSocketTakesInPiecesArrivesWhole(t *testing.T) {
	await.Goroutines(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	long, got := strings.Repeat("x", 8<<20), make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		req, err := http.ReadRequest(bufio.NewReader(io.LimitReader(c, 16<<20)))
		if err != nil {
			got <- err.Error()
			return
		}
		got <- req.Header.Get("Long")
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
		_, _ = io.Copy(io.Discard, c)
	}()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := NewClient(parseURL(t, "http://"+l.Addr().String()), nil)
	defer client.Close()
	client.pool.put(newConn(socket, time.Now()))
	req := get("/")
	req.Head = headOf("GET", "/", "Long: "+long)
	resp, body, err := do(soon(t), client, req)
	if err != nil || resp.Status != 200 || body != "good" {
		t.Errorf("%+v, %q, %v", resp, body, err)
	}
	if text := receive(t, "the request", got); text != long {
		t.Errorf("%d bytes arrived: %.100q", len(text), text)
	}
}

// TestAnExchangeOnAnOpenConnectionAllocatesNextToNothing: the head of the answer,
// as one string.
func TestAnExchangeOnAnOpenConnectionAllocatesNextToNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // ended by Close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveBench(c) // ended by its client
		}
	}()
	client := NewClient(parseURL(t, "http://"+l.Addr().String()), nil)
	defer client.Close()
	req, room := &Request{Method: "GET", Head: headOf("GET", "/"), Timeout: await.Patience}, make([]byte, 0, 4096)
	leash := new(Leash)
	exchange := func() {
		*leash = Leash{}
		resp, err := client.Do(leash, req)
		if err != nil {
			t.Fatal(err)
		}
		body, whole := resp.ReadWhole(room, 4096)
		if !whole || !bytes.HasSuffix(body, []byte("xxx")) {
			t.Fatalf("%v, %.100q", whole, body)
		}
		resp.Recycle()
	}
	exchange()
	if n := testing.AllocsPerRun(1000, exchange); n > 1 && !racing {
		t.Errorf("%v allocations", n)
	}
}
