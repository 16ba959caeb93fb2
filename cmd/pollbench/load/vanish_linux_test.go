package load

import (
	"context"
	"net"
	"os"
	"testing"
	"time"
)

func TestWhoVanishesSaysNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may vanish")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dial(context.Background(), l.Addr().String(), smallBuffer)
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	vanish(c.wire.Conn.(*net.TCPConn))
	c.Close()
	_ = server.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // on loopback a FIN comes at once
	if n, err := server.Read(make([]byte, 1)); !os.IsTimeout(err) {
		t.Error(n, err)
	}
}
