package proxy

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/pollmux/pollmux/config"
)

// A client whose request has come, and only has not been read yet, is told that
// there is no room or served; its connection is not reset under its request.
func TestAConnectionWithAnUnreadRequestIsNotIdle(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	g := newGate(config.Limits{Connections: 2}, 0, func(string) {}, func(netip.Addr) bool { return false })
	admit := func(sends string) *conn {
		t.Helper()
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		if _, err := io.WriteString(client, sends); err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return g.admit(c)
	}
	asks, silent := admit("GET /x HTTP/1.1\r\n"), admit("")
	if next := admit("GET /x HTTP/1.1\r\n"); next.over != "" || asks.isEvicted() || !silent.isEvicted() {
		t.Errorf("over %q; evicted: the one that asks %v, the silent one %v", next.over, asks.isEvicted(), silent.isEvicted())
	}
	if next := admit("GET /x HTTP/1.1\r\n"); next == nil || next.over != limitConnections || asks.isEvicted() {
		t.Errorf("with nobody idle, the next one is %+v", next)
	}
}
