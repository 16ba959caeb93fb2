package config

import (
	"net"
	"net/netip"
	"strings"
)

// addresses checks what the process listens on.
func (v *validator) addresses() {
	if len(v.config.Listen) == 0 {
		v.wrong("listen", "names no address; write host:port, such as 127.0.0.1:8080")
	}
	for i, l := range v.config.Listen {
		field, a := v.addressOf(i), l.Address
		if !v.address(field, a) {
			continue
		}
		for j, b := range v.config.Listen[:i] {
			if collide(a, b.Address) {
				v.wrong(field, "%s is already taken by %s (%s); write an address once", quote(a), v.addressOf(j), quote(b.Address))
				break
			}
		}
	}
}

// admin checks the operator's own listener.
func (v *validator) admin() {
	const field = "admin.listen"
	a := v.config.Admin
	v.token(a.Token)
	if !v.address(field, a.Listen) {
		return
	}
	for i, b := range v.config.Listen {
		if entry := v.addressOf(i); v.sound(entry) && collide(a.Listen, b.Address) {
			v.wrong(field, "%s is already taken by %s (%s); write another port", quote(a.Listen), entry, quote(b.Address))
			break
		}
	}
	if a.Token == "" && !isLoopback(a.Listen) && v.sound("admin.token") {
		v.wrong(field, "%s can be reached from other machines and admin.token is not set; set it, or listen on 127.0.0.1, [::1] or localhost", quote(a.Listen))
	}
}

func (v *validator) token(token string) {
	for _, c := range []byte(token) {
		if c <= ' ' || c > '~' {
			v.wrong("admin.token", "contains a space or a character that is not visible ASCII; letters, digits and punctuation are allowed")
			return
		}
	}
}

// address checks one host:port and reports whether it is right.
func (v *validator) address(field, address string) bool {
	host, port, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		v.wrong(field, "%s is not host:port; write 127.0.0.1:8080, or :8080 for every interface", quote(address))
	case !isPort(port, 0):
		v.wrong(field, "%s has the port %s; a number from 0 to 65535 is allowed (0: any free port)", quote(address), quote(port))
	case !isListenHost(host):
		v.wrong(field, "%s has the host %s; an IP address, a name or nothing (every interface) is allowed", quote(address), quote(host))
	default:
		return true
	}
	return false
}

func isListenHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || isHost(host) && !strings.HasPrefix(host, "[")
}

// collide reports whether the system would refuse to listen on both, of which
// a is right. Go listens on every interface, IPv6 and IPv4, for any unspecified
// host.
func collide(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portA != portB || portA == "0" {
		return false
	}
	return strings.EqualFold(hostA, hostB) || isEverywhere(hostA) || isEverywhere(hostB)
}

func isEverywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
