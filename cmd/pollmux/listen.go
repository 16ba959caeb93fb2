package main

import (
	"context"
	"fmt"
	"net"

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
	part    string       // forClients or forAdmin
	address string       // as the configuration has it
	certs   *cert.Keeper // nil: plain HTTP
	reused  *reused      // nil unless another process may listen there too
}

// sockets are all of them: those for clients, and the admin's.
type sockets struct {
	clients []*socket
	admin   *socket
}

// listenAll opens what the configuration listens on, or takes it over from whoever
// had it before: the system's manager, or the process that this one replaces.
func listenAll(c *config.Config, called names, from *inheritance, certs *certificates) (*sockets, error) {
	all := &sockets{}
	for _, l := range c.Listen {
		s, err := listen(forClients, l.Address, called.listen, c.ReusePort, from)
		if err != nil {
			all.close()
			return nil, err
		}
		s.certs = certs.of(c.TLSOf(l))
		all.clients = append(all.clients, s)
	}
	var err error
	if all.admin, err = listen(forAdmin, c.Admin.Listen, called.admin, c.ReusePort, from); err == nil {
		err = from.leftover()
	}
	if err != nil {
		all.close()
		return nil, err
	}
	return all, nil
}

// listen opens one socket, or takes it over.
func listen(part, address, field string, reuse bool, from *inheritance) (*socket, error) {
	s := &socket{part: part, address: address}
	if s.Listener = from.take(part, address); s.Listener != nil {
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
	if s.certs == nil {
		return p.Serve(s)
	}
	return p.ServeTLS(s, s.certs.Config())
}

func (s *sockets) each(do func(*socket)) {
	for _, one := range s.clients {
		do(one)
	}
	if s.admin != nil {
		do(s.admin)
	}
}

func (s *sockets) close() {
	s.each(func(one *socket) { _ = one.Close() })
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
