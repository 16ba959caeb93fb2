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
}

// peerOf reads the forwarding fields of a trusted peer. Those of anybody else
// are not believed.
func (p *Proxy) peerOf(r *request) peer {
	w := peer{proto: "http", host: string(r.head.Host)}
	addr := remoteAddr(r.ctx.RemoteAddr())
	w.addr = addr.String()
	for _, prefix := range p.trusted {
		w.trusted = w.trusted || prefix.Contains(addr)
	}
	if !w.trusted {
		return w
	}
	if proto := first(r.head.Lookup("x-forwarded-proto")); proto == "http" || proto == "https" {
		w.proto = proto
	}
	if host := first(r.head.Lookup("x-forwarded-host")); host != "" && !strings.ContainsAny(host, `"\`) {
		w.host = strings.ToLower(host)
	}
	return w
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
// 8586). What an untrusted peer said of these is replaced.
func (p *Proxy) appendForwarding(b []byte, h *head.Head, w peer) []byte {
	b = appendLists(b, "Via", h, "via", via)
	b = appendLists(b, "CDN-Loop", h, "cdn-loop", p.loopID)
	chain, forwarded := "", ""
	if w.trusted {
		chain, forwarded = "x-forwarded-for", "forwarded"
	}
	b = appendLists(b, "X-Forwarded-For", h, chain, w.addr)
	b = appendLine(b, "X-Forwarded-Proto", w.proto)
	if w.host != "" {
		b = appendLine(b, "X-Forwarded-Host", w.host)
	}
	return appendLists(b, "Forwarded", h, forwarded, w.element())
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
