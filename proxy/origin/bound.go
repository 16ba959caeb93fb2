package origin

import (
	"bytes"
	"strings"
)

// connectionSchemes are those by which a server authenticates a connection rather
// than a request: whatever comes next on it is from the same user, with or without
// credentials (RFC 4559 section 6; NTLM).
var connectionSchemes = []string{"ntlm", "negotiate"}

// bindsConnection reports whether an exchange may have made its connection one
// user's. Nobody else's request may follow there.
func bindsConnection(request []byte, h *head) bool {
	if h.header.HasToken("Persistent-Auth", "true") {
		return true
	}
	if !mentionsCredentials(request) {
		return false
	}
	for line := range bytes.SplitSeq(request, []byte{'\n'}) {
		if len(line) <= len("\r") {
			return false // what follows is the body
		}
		if name, value, found := bytes.Cut(line, []byte{':'}); found && asksToBind(name, value) {
			return true
		}
	}
	return false
}

// mentionsCredentials reports whether "authorization:" is anywhere in a request.
// Few requests have it, and few have many of its rarest letter.
func mentionsCredentials(request []byte) bool {
	for _, z := range [...]byte{'z', 'Z'} {
		for rest := request; ; {
			at := bytes.IndexByte(rest, z)
			if at < 0 {
				break
			}
			const before, behind = "authori", "ation:"
			from, to := at-len(before), at+1+len(behind)
			if from >= 0 && to <= len(rest) && strings.EqualFold(string(rest[from:at]), before) && strings.EqualFold(string(rest[at+1:to]), behind) {
				return true
			}
			rest = rest[at+1:]
		}
	}
	return false
}

// asksToBind reports whether a field line has credentials of such a scheme.
func asksToBind(name, value []byte) bool {
	const field = "authorization"
	if len(name) < len(field) || !strings.EqualFold(string(name[len(name)-len(field):]), field) {
		return false
	}
	value = bytes.TrimLeft(value, " \t")
	for _, scheme := range connectionSchemes {
		if len(value) >= len(scheme) && strings.EqualFold(string(value[:len(scheme)]), scheme) {
			return true
		}
	}
	return false
}
