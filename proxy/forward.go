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
	addr    string // of the connection's other end
	trusted bool   // it is one of trusted_proxies
	proto   string // scheme that the client used
	host    string // that the client asked for

	believed []forwarded // elements of its Forwarded, if that is what it writes
}

// peerOf reads the forwarding fields of a trusted peer. Those of anybody else
// are not believed.
func (p *Proxy) peerOf(r *request) peer {
	w := peer{proto: "http", host: string(r.head.Host)}
	addr := remoteAddr(r.ctx.RemoteAddr())
	w.addr, w.trusted = addr.String(), p.trusts(addr)
	if !w.trusted {
		return w
	}
	w.believed = onlyForwarded(&r.head)
	said := saidOf(&r.head, w.believed)
	if said.proto == "http" || said.proto == "https" {
		w.proto = said.proto
	}
	if said.host != "" {
		w.host = said.host
	}
	return w
}

// trusts reports whether an address is one of trusted_proxies.
func (p *Proxy) trusts(addr netip.Addr) bool {
	for _, prefix := range p.trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// trustsPeer reports whether a request comes from one of them.
func (p *Proxy) trustsPeer(r *request) bool {
	return len(p.trusted) > 0 && p.trusts(remoteAddr(r.peer()))
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
	chain, forwarded, addrs, elements := "", "", w.addr, w.element()
	switch {
	case len(w.believed) > 0:
		forwarded = "forwarded"
		addrs = addrsOf(w.believed) + addrs
	case w.trusted:
		// What it has of Forwarded may well be its client's invention.
		chain = "x-forwarded-for"
		elements = elementsOf(h) + elements
	}
	b = appendLists(b, "X-Forwarded-For", h, chain, addrs)
	b = appendLine(b, "X-Forwarded-Proto", w.proto)
	if w.host != "" {
		b = appendLine(b, "X-Forwarded-Host", w.host)
	}
	return appendLists(b, "Forwarded", h, forwarded, elements)
}

// addrsOf are the addresses of Forwarded, each with a comma behind it. Only
// Forwarded can tell of a node without one.
func addrsOf(believed []forwarded) string {
	var b strings.Builder
	for _, f := range believed {
		if addr, ok := f.addr(); ok {
			b.WriteString(addr.String() + ", ")
		}
	}
	return b.String()
}

// elementsOf are the addresses of X-Forwarded-For as elements of Forwarded.
func elementsOf(h *head.Head) string {
	var b strings.Builder
	for line := range h.Lookup("x-forwarded-for") {
		for member := range strings.SplitSeq(string(line), ",") {
			if node := nodeOf(strings.Trim(member, " \t")); node != "" {
				b.WriteString("for=" + node + ", ")
			}
		}
	}
	return b.String()
}

// element describes this hop in Forwarded.
func (w peer) element() string {
	node := w.addr
	if strings.Contains(node, ":") {
		node = `"[` + node + `]"`
	}
	element := "for=" + node + ";proto=" + w.proto
	if w.host != "" {
		element += `;host="` + w.host + `"`
	}
	return element
}

// appendLists appends a list field: the lines that the request has of it, if
// any name is given, and one more member.
func appendLists(b []byte, name string, h *head.Head, from, member string) []byte {
	b = append(append(b, name...), ": "...)
	if from != "" {
		for value := range h.Lookup(from) {
			b = append(append(b, value...), ", "...)
		}
	}
	return append(append(b, member...), "\r\n"...)
}

func appendLine(b []byte, name, value string) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}

// replacesField reports whether appendForwarding writes the field itself.
func replacesField(f *head.Field) bool {
	if f.Is != head.Forwarding {
		return false
	}
	switch strings.ReplaceAll(strings.ToLower(string(f.Name)), "_", "-") {
	case "via", "cdn-loop", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host":
		return true
	}
	return false
}
