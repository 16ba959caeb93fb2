package proxy

import (
	"iter"
	"net/netip"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// forwarded is one element of a Forwarded field: what one proxy says of one hop
// (RFC 7239 section 4). A parameter that it does not have is "".
type forwarded struct{ node, proto, host string }

// parseForwarded reads all lines of the field. It returns nil if one of them
// cannot be read: then none is believed. Colons and brackets are taken without
// quotes, as many proxies send them.
func parseForwarded(lines iter.Seq[[]byte]) (all []forwarded) {
	for line := range lines {
		for rest := skipEmpty(string(line)); rest != ""; rest = skipEmpty(rest) {
			element, after, ok := cutElement(rest)
			if !ok {
				return nil
			}
			rest, all = after, append(all, element)
		}
	}
	return all
}

// skipEmpty skips elements without a parameter.
func skipEmpty(s string) string { return strings.TrimLeft(s, " \t;,") }

// cutElement reads the first element of s, and the comma behind it.
func cutElement(s string) (f forwarded, rest string, ok bool) {
	for {
		s = strings.TrimLeft(s, " \t;")
		if s == "" || s[0] == ',' {
			return f, strings.TrimPrefix(s, ","), true
		}
		var name, value string
		name, s, ok = strings.Cut(s, "=")
		if ok = ok && head.IsToken([]byte(name)); ok {
			value, s, ok = cutValue(s)
		}
		if s = strings.TrimLeft(s, " \t"); !ok || !f.set(name, value) || s != "" && s[0] != ';' && s[0] != ',' {
			return f, "", false
		}
	}
}

// set sets a parameter; none may come twice, and those besides are nothing to
// us.
func (f *forwarded) set(name, value string) bool {
	to := new(string)
	switch strings.ToLower(name) {
	case "for":
		to = &f.node
	case "proto":
		to = &f.proto
	case "host":
		to = &f.host
	}
	unset := *to == ""
	*to = strings.ToLower(value)
	return unset && value != ""
}

// cutValue reads a token or a quoted string (RFC 9110 section 5.6.4).
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s+",", "\",; \t\\")
		return s[:end], s[end:], true
	}
	var unquoted strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return unquoted.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		unquoted.WriteByte(s[i])
	}
	return "", "", false
}

// addr returns the address of a node (RFC 7239 section 6), which may have a
// port. An unknown or an obfuscated one has none.
func (f forwarded) addr() (netip.Addr, bool) {
	host := f.node
	if inner, rest, ok := strings.Cut(strings.TrimPrefix(host, "["), "]"); ok && host[0] == '[' && (rest == "" || rest[0] == ':') {
		host = inner
	} else if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}

// nodeOf writes a member of X-Forwarded-For as a node of Forwarded, "" if it is
// no address, with a port or without.
func nodeOf(member string) string {
	if p, err := netip.ParseAddrPort(member); err == nil {
		return `"` + netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port()).String() + `"`
	}
	addr, ok := forwarded{node: member}.addr()
	switch {
	case !ok:
		return ""
	case addr.Is6():
		return `"[` + addr.String() + `]"`
	}
	return addr.String()
}

// isAuthority reports whether a host can be passed on as one: an unquoted string
// may hold anything.
func isAuthority(host string) bool {
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return host != ""
}
