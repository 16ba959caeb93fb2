package config

import (
	"net/netip"
	"strconv"
	"strings"
)

// splitPort splits host[:port]. An IPv6 address stands in brackets, and keeps
// them.
func splitPort(s string) (host, port string, hasPort bool) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 || strings.HasSuffix(s, "]") {
		return s, "", false
	}
	return s[:colon], s[colon+1:], true
}

// isPort reports whether s is a port from least to 65535.
func isPort(s string, least uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= least
}

// isHostPort reports whether s is a host, with or without a port, as in a URL.
func isHostPort(s string) bool {
	host, port, hasPort := splitPort(s)
	return isHost(host) && (!hasPort || isPort(port, 1))
}

// isHost reports whether s is a name, an IPv4 address or an IPv6 address in
// brackets.
func isHost(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	if i := strings.LastIndexByte(s, '.'); strings.Trim(s[i+1:], digits) == "" {
		// A last label of digits is an address to browsers (WHATWG URL).
		addr, err := netip.ParseAddr(s)
		return err == nil && addr.Is4()
	}
	return isHostname(s)
}

// isHostname is lax about "_", which names of containers have.
func isHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) > 63 || !isName(label) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// hostCovers reports whether every host that q matches is matched by p too.
func hostCovers(p, q string) bool {
	suffix, wild := strings.CutPrefix(p, "*")
	return p == "" || p == q || wild && strings.HasSuffix(q, suffix)
}
