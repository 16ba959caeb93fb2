package share

import "bytes"

// Request appends the head of the poll for the key, up to its last field line
// and without the empty one: the caller adds the conditions that its own
// conversation with the origin allows. agent is sent as User-Agent, and trail
// are field lines that every request of this process carries (Via, CDN-Loop).
func (k *Key) Request(b []byte, agent, trail string) []byte {
	b = append(append(append(b, "GET "...), k.target...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, k.hostSent()...), "\r\n"...)
	for _, l := range k.lines {
		b = appendCanonical(b, l.name)
		b = append(append(append(b, ": "...), l.value...), "\r\n"...)
	}
	if !k.has("Accept") {
		b = append(b, "Accept: */*\r\n"...)
	}
	b = append(b, "Accept-Encoding: identity\r\n"...)
	if !k.has("User-Agent") {
		b = append(append(append(b, "User-Agent: "...), agent...), "\r\n"...)
	}
	return append(b, trail...)
}

func (k *Key) has(name string) bool {
	for _, l := range k.lines {
		if bytes.EqualFold(l.name, []byte(name)) {
			return true
		}
	}
	return false
}

// appendCanonical writes a field name as most people spell it, so that two
// spellings of one key make one poll.
func appendCanonical(b, name []byte) []byte {
	upper := true
	for _, c := range name {
		c = lowerByte(c)
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper = c == '-'
		b = append(b, c)
	}
	return b
}
