package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync/atomic"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/cert"
)

// The parts that a socket can have.
const (
	forClients = "listen"
	forAdmin   = "admin"
)

// socket is one that the process listens on.
type socket struct {
	net.Listener
	part    string                     // forClients or forAdmin
	address string                     // as the configuration has it
	certs   *cert.Keeper               // nil: plain HTTP
	config  atomic.Pointer[tls.Config] // of certs
	reused  *reused                    // nil unless another process may listen there too
}

// sockets are all of them: those for clients, and the admin's. They belong to the
// goroutine of serve.
type sockets struct {
	called  names
	clients []*socket
	admin   *socket
}

// opening are the sockets that there are to be: some that there are, and some that were
// opened, and that nobody is served by yet.
type opening struct {
	next   *sockets
	certs  []*cert.Keeper // of each that is for clients
	opened []*socket
}

// prepare opens what a configuration listens on and there is not yet, or takes it over from
// whoever had it before: the system's manager, or the process that this one replaces. It
// changes nothing of what there is.
func (s *sockets) prepare(c *config.Config, keepers map[string]*cert.Keeper, from *inheritance) (*opening, error) {
	o := &opening{next: &sockets{called: s.called}}
	for _, l := range c.Listen {
		k := of(keepers, c.TLSOf(l))
		one, err := o.socket(s.find(l.Address), forClients, l.Address, s.called.listen, c.ReusePort, from)
		if err == nil && !slices.Contains(o.opened, one) && (one.certs == nil) != (k == nil) {
			err = fmt.Errorf("%s: %s cannot change between TLS and plain HTTP while clients come by it: restart pollmux, or take another port", s.called.listen, l.Address)
		}
		if err != nil {
			o.abandon()
			return nil, err
		}
		o.next.clients, o.certs = append(o.next.clients, one), append(o.certs, k)
	}
	var err error
	if o.next.admin, err = o.socket(s.admin, forAdmin, c.Admin.Listen, s.called.admin, c.ReusePort, from); err == nil {
		err = from.leftover()
	}
	if err != nil {
		o.abandon()
		return nil, err
	}
	return o, nil
}

// socket is the one that there is, if that is where it should be, or another one.
func (o *opening) socket(known *socket, part, address, field string, reuse bool, from *inheritance) (*socket, error) {
	if known != nil && known.address == address {
		return known, nil
	}
	one, err := listen(part, address, field, reuse, from)
	if err == nil {
		o.opened = append(o.opened, one)
	}
	return one, err
}

// abandon closes what was opened.
func (o *opening) abandon() {
	for _, one := range o.opened {
		_ = one.Close()
	}
}

// apply has s be what was prepared, and returns the sockets that are new, and those that
// nobody wants any more.
func (o *opening) apply(s *sockets) (opened, left []*socket) {
	for i, one := range o.next.clients {
		one.secure(o.certs[i])
	}
	s.each(func(one *socket) {
		if one != o.next.admin && !slices.Contains(o.next.clients, one) {
			left = append(left, one)
		}
	})
	s.clients, s.admin = o.next.clients, o.next.admin
	return o.opened, left
}

// find returns the socket for clients of an address, nil if there is none.
func (s *sockets) find(address string) *socket {
	for _, one := range s.clients {
		if one.address == address {
			return one
		}
	}
	return nil
}

// secure has a socket show other certificates from now on; nil are none.
func (s *socket) secure(k *cert.Keeper) {
	if k != nil && k != s.certs {
		s.config.Store(k.Config())
	}
	s.certs = k
}

// listen opens one socket, or takes it over.
func listen(part, address, field string, reuse bool, from *inheritance) (*socket, error) {
	s := &socket{part: part, address: address}
	if s.Listener = from.take(part, address); s.Listener != nil {
		if reuse {
			s.reused = reusedOf(s.Listener)
		}
		return s, nil
	}
	var err error
	if reuse {
		s.Listener, s.reused, err = listenReusing(address)
	} else {
		s.Listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: choose another address, or stop what uses it", field, err)
	}
	return s, nil
}

// serve serves clients on a socket. It blocks.
func (s *socket) serve(p *proxy.Proxy) error {
	if s.config.Load() == nil {
		return p.Serve(s)
	}
	return p.ServeTLS(s, &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.config.Load(), nil },
	})
}

func (s *sockets) each(do func(*socket)) {
	for _, one := range s.clients {
		do(one)
	}
	if s.admin != nil {
		do(s.admin)
	}
}

// steerAway has the kernel send new clients to the other process that listens on the
// same addresses. It reports whether there is one.
func (s *sockets) steerAway() (others bool) {
	s.each(func(one *socket) {
		if one.reused != nil && one.reused.steerAway() {
			others = true
		}
	})
	return others
}
