package share

import (
	"bytes"
	"slices"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
)

// cleanTarget returns the target without the parameters that do not count.
func (k *Key) cleanTarget(h *head.Head, read []string) []byte {
	if len(h.Query) == 0 || !k.policy.sortQuery && !k.policy.losesAny(h.Query, read) {
		return h.Target
	}
	k.params = k.params[:0]
	for param := range bytes.SplitSeq(h.Query, []byte{'&'}) {
		if !k.policy.loses(param, read) {
			k.params = append(k.params, param)
		}
	}
	if k.policy.sortQuery {
		// By name only: of two parameters of one name the first counts, or
		// the last, depending on the origin.
		slices.SortStableFunc(k.params, func(a, b []byte) int { return bytes.Compare(paramName(a), paramName(b)) })
	}
	start := len(k.scratch)
	k.scratch = append(k.scratch, h.Path...)
	for i, param := range k.params {
		k.scratch = append(append(k.scratch, "?&"[min(i, 1)]), param...)
	}
	return k.scratch[start:len(k.scratch):len(k.scratch)]
}

func paramName(param []byte) []byte {
	name, _, _ := bytes.Cut(param, []byte{'='})
	return name
}

func (p *Policy) losesAny(query []byte, read []string) bool {
	for {
		param, rest, more := bytes.Cut(query, []byte{'&'})
		if p.loses(param, read) {
			return true
		}
		if !more {
			return false
		}
		query = rest
	}
}

// loses reports whether a query parameter does not count.
func (p *Policy) loses(param []byte, read []string) bool {
	lost, _ := p.lost(param, read)
	return lost
}

// lost reports whether a query parameter does not count, and why, for people. Some
// servers take a semicolon for the end of one: what is behind it would be lost as
// well.
func (p *Policy) lost(param []byte, read []string) (lost bool, why string) {
	if bytes.IndexByte(param, ';') >= 0 {
		return false, "it has a semicolon, for which some servers end a parameter"
	}
	name := paramName(param)
	for _, r := range read {
		if r == string(name) {
			return true, "pollmux itself has read it"
		}
	}
	if Loses(param, p.lostQuery) {
		return true, "key.ignore_query names it"
	}
	return false, ""
}

// Loses reports whether a query parameter is not part of keys that ignore those.
func Loses(param []byte, ignored config.Globs) bool {
	return bytes.IndexByte(param, ';') < 0 && ignored.Match(string(paramName(param)))
}
