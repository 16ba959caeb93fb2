package share

import (
	"cmp"
	"crypto/sha256"
)

// encode writes the key: of a POST that and a hash of the body, route, host,
// target, the lines by name in lower case, and a hash of those that are
// credentials. No value can hold a line feed, a NUL or an SOH, so there is one
// way to read it.
func (k *Key) encode() {
	b := k.bytes
	if k.post {
		sum := sha256.Sum256(k.body)
		b = append(append(b, 1), sum[:]...)
	}
	b = append(append(b, k.policy.prefix...), '\n')
	b = append(append(b, k.hostSent()...), '\n')
	b = append(append(b, k.target...), '\n')
	for _, l := range k.lines {
		if l.class == in {
			b = appendLine(b, l)
		}
	}
	k.identity = k.identity[:0]
	if k.audience != Everybody {
		b = k.appendHash(append(b, 0), isCredential)
		k.identity = append(k.identity, b[len(b)-sha256.Size:]...)
		if k.hasAny(isName) && k.hasAny(isProof) {
			k.identity = k.appendHash(k.identity[:0], isName)
		}
	}
	k.bytes = b
}

// Of the credentials, names say who is asking, and proofs only that nobody else
// has made this request.
func isCredential(l *line) bool { return l.class == identity }
func isName(l *line) bool       { return isCredential(l) && !isProof(l) }
func isProof(l *line) bool      { return isCredential(l) && isAnyOf(proofs, l.name) }

// proofs are credentials that a client sends with its writes and not with its
// reads, or anew each time.
var proofs = []string{
	"x-csrf-token", "x-xsrf-token", "x-csrftoken", "csrf-token", "dpop", "signature", "signature-input", "x-signature",
}

func (k *Key) hasAny(is func(*line) bool) bool {
	for i := range k.lines {
		if is(&k.lines[i]) {
			return true
		}
	}
	return false
}

// Who is the keyed hash of the credentials that were left out: who is asking,
// where all share one feed. ok is false if there are none.
func (k *Key) Who() (who [sha256.Size]byte, ok bool) {
	if len(k.own) == 0 {
		return who, false
	}
	start := len(k.scratch)
	for i := range k.own {
		if l := &k.own[i]; !isAnyOf(proofs, l.name) {
			k.scratch = appendLine(k.scratch, *l)
		}
	}
	return k.Hash(k.scratch[start:]), true
}

// Hash is a hash of what nobody but this process can make again.
func (k *Key) Hash(b []byte) (sum [sha256.Size]byte) {
	mac := k.policy.hash()
	mac.Reset()
	_, _ = mac.Write(b) // never fails
	mac.Sum(sum[:0])
	k.policy.hashes.Put(mac)
	return sum
}

// appendHash appends the keyed hash of some lines.
func (k *Key) appendHash(b []byte, counts func(*line) bool) []byte {
	mac := k.policy.hash()
	mac.Reset()
	for i := range k.lines {
		if l := &k.lines[i]; counts(l) {
			start := len(k.scratch)
			k.scratch = appendLine(k.scratch, *l)
			_, _ = mac.Write(k.scratch[start:]) // never fails
		}
	}
	b = mac.Sum(b)
	k.policy.hashes.Put(mac)
	return b
}

// appendLine appends "name:value\n" with the name in lower case.
func appendLine(b []byte, l line) []byte {
	for _, c := range l.name {
		b = append(b, lowerByte(c))
	}
	return append(append(append(b, ':'), l.value...), '\n')
}

func (k *Key) hostSent() []byte {
	if len(k.policy.host) > 0 {
		return k.policy.host
	}
	return k.host
}

func compareLines(a, b line) int { return compareFold(a.name, b.name) }

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
