package main

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// freeAddress is one that nobody listens on at this moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Whoever goes, the elder or the younger, and however often: nobody is turned away.
func TestASecondProcessOnTheSameAddressesTakesOverWithoutALoss(t *testing.T) {
	address, admin := freeAddress(t), freeAddress(t)
	file := configFile(t, echoing(t), fmt.Sprintf("listen: %q\nadmin: {listen: %q}\nreuse_port: true", address, admin))
	stop := func(s *served) {
		t.Helper()
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		s.ends()
		if log := s.log.String(); !strings.Contains(log, "so that clients come elsewhere") || strings.Contains(log, "cut off") {
			t.Errorf("the log:\n%s", log)
		}
	}
	first := serveBy(t, file, nil)
	var last *served
	hammered(t, address, func() {
		second := serveBy(t, file, nil)
		stop(first)
		third := serveBy(t, file, nil)
		stop(third) // it was a mistake
		last = serveBy(t, file, nil)
		stop(second)
	})
	if status, _ := fetch(t, "http://"+admin+"/readyz"); status != 200 {
		t.Errorf("readyz %d", status)
	}
	_ = last.cmd.Process.Signal(syscall.SIGTERM)
	last.ends()
	if strings.Contains(last.log.String(), "so that clients come elsewhere") {
		t.Error("alone, it waits for somebody else")
	}
}

func TestListenersOnAPortAreFound(t *testing.T) {
	one, first, err := listenReusing("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	other, second, err := listenReusing(one.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if found := listenersOn(first.port); len(found) != 2 || !found[first.inode] || !found[second.inode] || first.inode == second.inode {
		t.Errorf("%v: %v and %v", found, first, second)
	}
	if !second.elders[first.inode] || len(second.elders) != 1 || len(first.elders) != 0 {
		t.Errorf("elders: %v, %v", first.elders, second.elders)
	}
	_ = other.Close()
	await.Until(t, "it is gone", func() bool { return len(listenersOn(first.port)) == 1 })
	if first.steerAway() {
		t.Error("there is nobody to steer to")
	}
}

// A process that was handed its sockets over may itself be replaced by one that opens its
// own.
func TestASocketThatWasTakenOverIsLeftToOthersAsWell(t *testing.T) {
	before, _, err := listenReusing("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := before.Addr().String()
	passed := func() *inheritance {
		t.Helper()
		file, err := before.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		l, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return &inheritance{heirlooms: []*heirloom{{Listener: l, name: forClients + " " + address}}}
	}
	own, err := listen(forClients, address, "listen", true, passed())
	if err != nil || own.reused == nil {
		t.Fatalf("%+v, %v", own, err)
	}
	after, _, err := listenReusing(address)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	if third, err := listen(forClients, address, "listen", true, passed()); err != nil || third.reused != nil {
		t.Errorf("it takes the other one for the younger: %v", err)
	}
	_ = before.Close()
	if !own.reused.steerAway() {
		t.Fatal("nobody is found")
	}
	_ = after.(*net.TCPListener).SetDeadline(time.Now().Add(await.Patience))
	for i := range 100 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if c, err = after.Accept(); err != nil {
			t.Fatalf("client %d came to the one that goes: %v", i, err)
		}
		_ = c.Close()
	}
}

// Of two sockets on one address, the one that steers away gets nobody any more,
// whichever it is; a third, once one of them has gone, is treated as the younger.
func TestNewClientsComeToTheOtherSocketOnly(t *testing.T) {
	open := func(address string) (net.Listener, *reused) {
		t.Helper()
		l, r, err := listenReusing(address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l, r
	}
	// accepted connects to an address and counts who comes to a socket of two.
	accepted := func(stays, goes net.Listener) (n int) {
		t.Helper()
		const clients = 100
		for range clients {
			c, err := net.Dial("tcp", stays.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		for n < clients {
			c, err := stays.Accept()
			if err != nil {
				return n
			}
			_ = c.Close()
			n++
		}
		_ = goes.Close()
		return n
	}
	first, one := open("127.0.0.1:0")
	second, two := open(first.Addr().String())
	for _, l := range []net.Listener{first, second} {
		_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(await.Patience))
	}
	if !one.steerAway() {
		t.Fatal("nobody is found")
	}
	if n := accepted(second, first); n != 100 {
		t.Errorf("%d of 100 came to the younger", n)
	}
	third, three := open(first.Addr().String())
	_ = third.(*net.TCPListener).SetDeadline(time.Now().Add(await.Patience))
	if !three.steerAway() {
		t.Fatal("nobody is found")
	}
	if n := accepted(second, third); n != 100 {
		t.Errorf("%d of 100 came to the elder", n)
	}
	fourth, _ := open(first.Addr().String())
	_ = fourth.(*net.TCPListener).SetDeadline(time.Now().Add(await.Patience))
	if !two.steerAway() { // it came second, and is the elder now
		t.Fatal("nobody is found")
	}
	if n := accepted(fourth, second); n != 100 {
		t.Errorf("%d of 100 came to the younger", n)
	}
}
