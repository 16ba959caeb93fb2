package proxy

import (
	"bytes"

	"github.com/pollmux/pollmux/config"
)

// guards reports whether a route's clients are let in by another path than the
// resource, so that its origin may not ask who they are there.
func (r *route) guards() bool {
	return r.coalesces() && r.Share == config.ShareAuthorize && r.Authorize.Path != ""
}

// guardOf returns the route that a request has to be let in on: the one that was
// found, or one that guards what the origin may take the path for. Patterns match
// a path as it was sent, and many an origin decodes and resolves it, or does not
// tell upper from lower case: who is not let in to /secret/a must not get there
// by /%73ecret/a, on another route.
func (all *rules) guardOf(found *route, host, path []byte) *route {
	if !all.guarded || found.guards() {
		return found
	}
	for range maxDecoding + 1 {
		if r := all.leads(found.upstream, host, spelled(path)); r != nil && r.guards() {
			return r
		}
		path = decode(path)
	}
	return found
}

// leads returns the first route of an upstream to what a path may mean, or nil.
func (all *rules) leads(u *upstream, host, path []byte) *route {
	host = withoutPort(host)
	for _, r := range all.routes {
		if r.upstream == u && r.host.matches(host) && r.spelled.Match(path) {
			return r
		}
	}
	return nil
}

// spelled is a path as an origin may read it that cares least for its spelling.
func spelled(path []byte) []byte {
	resolved, _ := resolve(bytes.ToLower(path))
	return resolved
}

// spelledPattern is a pattern for such paths.
func spelledPattern(pattern config.Pattern) config.Pattern {
	path := []byte(pattern.String())
	for range maxDecoding {
		path = decode(path)
	}
	if again, err := config.ParsePattern(string(spelled(path))); err == nil {
		return again
	}
	return pattern // it has an encoded delimiter, by which it is spelled in one way
}
