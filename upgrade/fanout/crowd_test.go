package fanout_test

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// socketPair is a connection over loopback.
func socketPair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	_ = client.SetDeadline(time.Now().Add(await.Patience))
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return client, server
}

func TestThousandsAreServedAndLeaveNothingBehind(t *testing.T) {
	const clients = 2000
	await.Goroutines(t)
	e, b := newEngine(t), newBoard()
	b.publish()
	var ended [5]atomic.Int32
	var running sync.WaitGroup
	var conns []net.Conn
	for range clients {
		client, server := socketPair(t)
		conns = append(conns, client)
		e.Hold(server, &reader{board: b}, fanout.Terms{Beat: time.Minute}, func(end fanout.End) { ended[end].Add(1) })
	}
	// Half of them leave on the way; the others stay until the last version.
	for n, client := range conns {
		running.Go(func() {
			r := bufio.NewReader(client)
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					t.Errorf("client %d: %v", n, err)
					return
				}
				if n%2 == 0 || line == "100\n" {
					_ = client.Close()
					return
				}
			}
		})
	}
	for range 99 {
		b.publish()
	}
	running.Wait()
	e.Wait()
	e.Close()
	if gone, stuck := ended[fanout.Gone].Load(), ended[fanout.Stuck].Load(); gone+stuck != clients || gone < clients/2 {
		t.Errorf("%d gone and %d stuck of %d", gone, stuck, clients)
	}
}
