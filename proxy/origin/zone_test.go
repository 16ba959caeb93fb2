package origin

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is a name server on the loopback that knows one set of addresses, for
// whatever name.
type zone struct {
	*net.Resolver
	queries atomic.Int64 // for IPv4 addresses

	mu     sync.Mutex
	addrs  []netip.Addr
	code   dnsmessage.RCode
	silent bool
	held   []func() // answers that it owes
}

func newZone(t *testing.T, addrs ...string) *zone {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{}
	z.says(dnsmessage.RCodeSuccess, addrs...)
	z.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		z.serve(conn)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return z
}

// says sets what it answers from now on.
func (z *zone) says(code dnsmessage.RCode, addrs ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.code, z.addrs, z.silent = code, nil, false
	for _, a := range addrs {
		z.addrs = append(z.addrs, netip.MustParseAddr(a))
	}
	for _, answer := range z.held {
		answer()
	}
	z.held = nil
}

// saysNothing makes it keep its answers until it says something again.
func (z *zone) saysNothing() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.silent = true
}

func (z *zone) serve(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) == nil && len(m.Questions) == 1 {
			z.take(m, func(packed []byte) { _, _ = conn.WriteTo(packed, from) })
		}
	}
}

func (z *zone) take(query dnsmessage.Message, reply func([]byte)) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if query.Questions[0].Type == dnsmessage.TypeA {
		z.queries.Add(1)
	}
	if z.silent {
		z.held = append(z.held, func() { reply(z.answerLocked(query)) })
		return
	}
	reply(z.answerLocked(query))
}

func (z *zone) answerLocked(m dnsmessage.Message) []byte {
	q := m.Questions[0]
	m.Response, m.RCode, m.Additionals = true, z.code, nil
	for _, a := range z.addrs {
		h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	packed, _ := m.Pack()
	return packed
}
