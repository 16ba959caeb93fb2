package proxy

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// peer is what is believed of where a request comes from.
type peer struct {
	addr    netip.Addr // of the connection's other end
	trusted bool       // it is one of trusted_proxies
	proto   string     // scheme that the client used
	host    []byte     // that the client asked for; valid as long as the request

	believed []forwarded // elements of its Forwarded, if that is what it writes
}

// peerOf reads the forwarding fields of a trusted peer. Those of anybody else
// are not believed.
func (p *Proxy) peerOf(r *request) peer {
	w := peer{addr: remoteAddr(r.peer()), proto: r.scheme(), host: r.head.Host}
	if w.trusted = r.rules.trusts(w.addr); !w.trusted {
		return w
	}
	w.believed = onlyForwarded(&r.head)
	said := saidOf(&r.head, w.believed)
	if said.proto == "http" || said.proto == "https" {
		w.proto = said.proto
	}
	if said.host != "" {
		w.host = []byte(said.host)
	}
	return w
}

// trustsPeer reports whether a request comes from one of them.
func (r *request) trustsPeer() bool {
	return len(r.rules.config.TrustedProxies) > 0 && r.rules.trusts(remoteAddr(r.peer()))
}

// saidOf is what the request says of its first hop.
func saidOf(h *head.Head, believed []forwarded) (said forwarded) {
	if len(believed) > 0 {
		if said = believed[0]; !isAuthority(said.host) {
			said.host = ""
		}
		return said
	}
	said.proto = first(h.Lookup("x-forwarded-proto"))
	if host := first(h.Lookup("x-forwarded-host")); !strings.ContainsAny(host, `"\`) {
		said.host = host
	}
	return said
}

// onlyForwarded returns the elements of Forwarded if that is the field which the
// peer writes. One that writes any X-Forwarded-* may well pass on the Forwarded
// that its client made up.
func onlyForwarded(h *head.Head) []forwarded {
	for _, name := range []string{"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"} {
		for range h.Lookup(name) {
			return nil
		}
	}
	return parseForwarded(h.Lookup("forwarded"))
}

func remoteAddr(addr net.Addr) netip.Addr {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// first returns the first member of a list field.
func first(values func(func([]byte) bool)) string {
	for value := range values {
		member, _, _ := bytes.Cut(value, []byte{','})
		return strings.ToLower(string(bytes.TrimSpace(member)))
	}
	return ""
}

// appendForwarding appends what the origin is told of the request's way: Via,
// X-Forwarded-For, -Proto and -Host, Forwarded (RFC 7239) and CDN-Loop (RFC
// 8586). What an untrusted peer said of these is replaced. If a trusted one sent
// only one of the two chains of addresses, the other gets them too (RFC 7239
// section 7.4): an origin that reads that one would take the peer for the client.
func (p *Proxy) appendForwarding(b []byte, h *head.Head, w peer) []byte {
	b = appendMaxForwards(b, h)
	b = appendLists(b, "Via", h, "via", viaOf(h.HTTP10))
	b = appendLists(b, "CDN-Loop", h, "cdn-loop", p.loopID)
	b = append(b, "X-Forwarded-For: "...)
	switch {
	case len(w.believed) > 0:
		b = appendAddrs(b, w.believed)
	case w.trusted:
		b = appendMembers(b, h, "x-forwarded-for")
	}
	b = append(w.appendAddr(b), "\r\nX-Forwarded-Proto: "...)
	b = append(append(b, w.proto...), "\r\n"...)
	if len(w.host) > 0 {
		b = append(append(append(b, "X-Forwarded-Host: "...), w.host...), "\r\n"...)
	}
	b = append(b, "Forwarded: "...)
	switch {
	case len(w.believed) > 0:
		b = appendMembers(b, h, "forwarded")
	case w.trusted:
		// What it has of Forwarded may well be its client's invention.
		b = appendElements(b, h)
	}
	return append(w.appendElement(b), "\r\n"...)
}

// appendAddrs appends the addresses of Forwarded, each with a comma behind it.
// Only Forwarded can tell of a node without one.
func appendAddrs(b []byte, believed []forwarded) []byte {
	for _, f := range believed {
		if addr, ok := f.addr(); ok {
			b = append(addr.AppendTo(b), ", "...)
		}
	}
	return b
}

// appendElements appends the addresses of X-Forwarded-For as elements of
// Forwarded.
func appendElements(b []byte, h *head.Head) []byte {
	for line := range h.Lookup("x-forwarded-for") {
		for member := range strings.SplitSeq(string(line), ",") {
			if node := nodeOf(strings.Trim(member, " \t")); node != "" {
				b = append(append(append(b, "for="...), node...), ", "...)
			}
		}
	}
	return b
}

// appendElement describes this hop in Forwarded.
func (w *peer) appendElement(b []byte) []byte {
	if w.addr.Is6() {
		b = append(w.appendAddr(append(b, `for="[`...)), `]"`...)
	} else {
		b = w.appendAddr(append(b, "for="...))
	}
	b = append(append(b, ";proto="...), w.proto...)
	if len(w.host) > 0 {
		b = append(append(append(b, `;host="`...), w.host...), '"')
	}
	return b
}

// appendAddr writes where the connection comes from.
func (w *peer) appendAddr(b []byte) []byte {
	if !w.addr.IsValid() {
		return append(b, w.addr.String()...)
	}
	return w.addr.AppendTo(b)
}

// appendLists appends a list field: the lines that the request has of it, and one
// more member.
func appendLists(b []byte, name string, h *head.Head, from, member string) []byte {
	b = appendMembers(append(append(b, name...), ": "...), h, from)
	return append(append(b, member...), "\r\n"...)
}

// appendMembers appends the lines of a list field, each with a comma behind it.
func appendMembers(b []byte, h *head.Head, name string) []byte {
	for value := range h.Lookup(name) {
		b = append(append(b, value...), ", "...)
	}
	return b
}

// appendLine appends a field line.
func appendLine[N, V string | []byte](b []byte, name N, value V) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}

// replacesField reports whether appendForwarding writes the field itself.
func replacesField(f *head.Field) bool {
	if f.Is != head.Forwarding {
		return false
	}
	for _, name := range [...]string{"via", "cdn-loop", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"} {
		if isSpelled(f.Name, name) {
			return true
		}
	}
	return false
}

// isSpelled reports whether somebody may take a field's name for another one, in
// lower case: some read an underscore as a hyphen.
func isSpelled(name []byte, other string) bool {
	if len(name) != len(other) {
		return false
	}
	for i, c := range name {
		switch {
		case c == '_':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		if c != other[i] {
			return false
		}
	}
	return true
}
