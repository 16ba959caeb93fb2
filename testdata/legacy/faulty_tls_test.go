package legacy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestFaultyMisbehavesUnderTLSToo(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // of its certificate
	defer lender.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := legacy.NewFaulty(plain("hello"), nil)
	origin.ListenOn(tls.NewListener(listener, lender.TLS))
	defer origin.Close()

	config := &tls.Config{InsecureSkipVerify: true}
	socket, err := tls.Dial("tcp", listener.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	client := &wire{socket, t, bufio.NewReader(socket)}

	letGo := make(chan struct{})
	origin.Break(legacy.HangBeforeHead(letGo))
	client.ask("/")
	letGo <- struct{}{} // the hang's look at the connection must not spoil TLS
	client.expect(plainHello)

	origin.Break(legacy.ResetBeforeHead())
	if got, err := io.ReadAll(client.ask("/").reader); len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q and %v", got, err)
	}
}
