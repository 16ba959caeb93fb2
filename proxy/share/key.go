package share

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/pollmux/pollmux/proxy/head"
)

// Ask is what of a request pollmux reads itself, so that it is neither in the
// key nor on the wire.
type Ask struct {
	// Accept was read to choose a stream: the poll asks for anything.
	Accept bool

	// Origin was checked for a WebSocket, which needs no CORS answer.
	Origin bool

	// Query names parameters that were read.
	Query []string
}

// Key is a request's key, and what the poll for it sends. The zero value is
// ready; a Key may be made again and again, and does not outlive the request it
// was made from but for copies of Bytes and Request.
type Key struct {
	policy  *Policy
	vary    *Vary
	host    []byte
	target  []byte
	lines   []line
	private bool // some line is an identity

	withheld bool // a credential was left out

	bytes   []byte
	scratch []byte // backs values that are not as the client sent them
}

// line is one field line that is part of the key.
type line struct {
	name, value []byte
	class       class
}

// Make makes the key of a coalescable request. It allocates nothing once the
// Key has grown to its size.
func (p *Policy) Make(k *Key, h *head.Head, ask Ask) {
	k.policy, k.vary = p, p.Vary()
	k.lines, k.scratch, k.bytes, k.private = k.lines[:0], k.scratch[:0], k.bytes[:0], false
	k.withheld = false
	k.host = h.Host
	k.target = k.cleanTarget(h, ask.Query)
	k.collect(h, ask)
	slices.SortStableFunc(k.lines, func(a, b line) int { return compareFold(a.name, b.name) })
	k.encode()
}

// Bytes is the key: equal for two requests exactly when their polls are. It may
// be kept in memory and compared; for anything else, hash it.
func (k *Key) Bytes() []byte { return k.bytes }

// Private reports whether the key holds an identity: its answers are one
// user's.
func (k *Key) Private() bool { return k.private }

// Withheld reports whether the request has credentials that the poll, being
// everybody's, will not have.
func (k *Key) Withheld() bool { return k.withheld }

// Vary is the set of learned fields that the key was made with.
func (k *Key) Vary() *Vary { return k.vary }

// Current reports whether nothing was learned since the key was made. An answer
// may be given to the request only if it was current after the answer was
// looked up.
func (k *Key) Current() bool { return k.policy.Vary() == k.vary }

// collect gathers the lines of the key.
func (k *Key) collect(h *head.Head, ask Ask) {
	var seen [3]bool
	for i := range h.Fields {
		f := &h.Fields[i]
		c := k.policy.classify(f, k.vary)
		if c == out || c == withheld {
			k.withheld = k.withheld || c == withheld
			continue
		}
		value := f.Value
		switch f.Is {
		case head.Accept:
			value = k.once(&seen[0], acceptValue, h, head.Accept, ask.Accept)
		case head.Prefer:
			value = k.once(&seen[1], k.preferValue, h, head.Prefer, false)
		case head.Cookie:
			value = k.once(&seen[2], k.cookieValue, h, head.Cookie, false)
		case head.Origin:
			if ask.Origin && !k.policy.keyed["origin"] {
				continue
			}
		}
		if value == nil {
			continue
		}
		k.lines = append(k.lines, line{name: f.Name, value: value, class: c})
		k.private = k.private || c == identity
	}
}

// once makes one line of all lines of a list field, the first time it is met,
// and nil after that or if the field says nothing.
func (k *Key) once(seen *bool, value func([]byte) []byte, h *head.Head, name head.Name, read bool) []byte {
	if *seen || read {
		return nil
	}
	*seen = true
	return value(h.Joined(name))
}

// acceptValue makes "anything" of every way to say so. Whoever asks for
// something particular is asked for it by name: an origin may choose without
// saying Vary.
func acceptValue(accept []byte) []byte {
	if len(accept) == 0 || string(accept) == "*/*" {
		return nil
	}
	return accept
}

// encode writes the key: route, host, target, the lines by name in lower case,
// and a hash of those that are credentials. No value can hold a line feed or a
// NUL, so there is one way to read it.
func (k *Key) encode() {
	b := append(append(k.bytes, k.policy.prefix...), '\n')
	b = append(append(b, k.hostSent()...), '\n')
	b = append(append(b, k.target...), '\n')
	for _, l := range k.lines {
		if l.class == in {
			b = appendLine(b, l)
		}
	}
	if k.private {
		b = k.appendIdentity(append(b, 0))
	}
	k.bytes = b
}

// appendIdentity appends the keyed hash of the credential lines.
func (k *Key) appendIdentity(b []byte) []byte {
	mac := k.policy.hash()
	mac.Reset()
	for _, l := range k.lines {
		if l.class == identity {
			k.scratch = appendLine(k.scratch, l)
			_, _ = mac.Write(k.scratch[len(k.scratch)-lineLen(l):]) // never fails
		}
	}
	b = mac.Sum(b)
	k.policy.hashes.Put(mac)
	return b
}

func lineLen(l line) int { return len(l.name) + len(l.value) + 2 }

// appendLine appends "name:value\n" with the name in lower case.
func appendLine(b []byte, l line) []byte {
	for _, c := range l.name {
		b = append(b, lowerByte(c))
	}
	return append(append(append(b, ':'), l.value...), '\n')
}

func (k *Key) hostSent() []byte {
	if k.policy.host != "" {
		return []byte(k.policy.host)
	}
	return k.host
}

// compareFold orders names in any case. It is not what a person would call
// alphabetical, and only has to be an order.
func compareFold(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lowerByte(a[i]), lowerByte(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// cleanTarget returns the target without the parameters that do not count.
func (k *Key) cleanTarget(h *head.Head, read []string) []byte {
	if len(h.Query) == 0 || !k.policy.sortQuery && !k.policy.losesAny(h.Query, read) {
		return h.Target
	}
	var params [][]byte
	for param := range bytes.SplitSeq(h.Query, []byte{'&'}) {
		if !k.policy.loses(param, read) {
			params = append(params, param)
		}
	}
	if k.policy.sortQuery {
		slices.SortStableFunc(params, bytes.Compare)
	}
	target := slices.Clone(h.Path)
	for i, param := range params {
		target = append(append(target, "?&"[min(i, 1)]), param...)
	}
	return target
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
	name, _, _ := bytes.Cut(param, []byte{'='})
	for _, r := range read {
		if r == string(name) {
			return true
		}
	}
	return p.lostQuery.Match(string(name))
}

// Identity is the keyed hash of the request's credentials, nil without any.
func (k *Key) Identity() []byte {
	if !k.private {
		return nil
	}
	return k.bytes[len(k.bytes)-sha256.Size:]
}

// Target is the resource that the poll asks for, as host and request target:
// the same for all keys of one URL.
func (k *Key) Target() string { return string(k.hostSent()) + string(k.target) }
