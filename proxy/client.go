package proxy

import (
	"bytes"
	"iter"
	"net"
	"net/netip"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/head"
)

// clientOf is the address, or network, that a request is charged to: that of the
// peer or, if the peer is a trusted proxy, the last one that such proxies tell of
// and that is none of them. What stands before it, its client may have made up.
// It is invalid if the proxies do not tell: then nobody is charged.
func (p *Proxy) clientOf(r *request) netip.Addr { return networkOf(p.addressOf(r)) }

// addressOf is the address itself.
func (p *Proxy) addressOf(r *request) netip.Addr {
	addr := remoteAddr(r.peer())
	if !r.rules.trusts(addr) {
		return addr
	}
	client := netip.Addr{}
	for hop, ok := range hopsBackwards(&r.head) {
		if !ok {
			return netip.Addr{}
		}
		if client = hop; !r.rules.trusts(hop) {
			break
		}
	}
	return client
}

// hopsBackwards are the addresses that a trusted peer tells of, its own client's
// first; false stands for one that is none.
func hopsBackwards(h *head.Head) iter.Seq2[netip.Addr, bool] {
	return func(yield func(netip.Addr, bool) bool) {
		for _, element := range slices.Backward(onlyForwarded(h)) {
			if !yield(element.addr()) {
				return
			}
		}
		for _, line := range slices.Backward(collect(h.Lookup("x-forwarded-for"))) {
			for more := true; more; {
				at := bytes.LastIndexByte(line, ',')
				member := string(bytes.Trim(line[at+1:], " \t"))
				line, more = line[:max(at, 0)], at >= 0
				if !yield(forwarded{node: member}.addr()) {
					return
				}
			}
		}
	}
}

// onState follows what fasthttp does with a connection.
func (p *Proxy) onState(nc net.Conn, state fasthttp.ConnState) {
	defer p.recovered(nc)
	c := clientConn(nc)
	if c == nil {
		return
	}
	switch state {
	case fasthttp.StateActive:
		c.begin()
	case fasthttp.StateIdle:
		p.vacate(c)
		if p.Draining() {
			c.used.Store(p.gate.now()) // its client may go on: see settle
		}
		c.rest()
	}
}

// occupy charges the client for its request if it is behind a trusted proxy. It
// reports false if the client has too much under way already.
func (p *Proxy) occupy(r *request, c *conn) bool {
	if r.rules.config.Limits.ConnectionsPerIP == 0 || !c.shared || c.occupies {
		return true
	}
	c.occupies = p.gate.occupy(c, p.clientOf(r))
	return c.occupies
}

// vacate ends the charge: the request is answered to its last byte.
func (p *Proxy) vacate(c *conn) {
	if c.occupies {
		c.occupies = false
		p.gate.vacate(c)
	}
}
