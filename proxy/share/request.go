package share

import (
	"bytes"
	"strconv"

	"github.com/pollmux/pollmux/proxy/head"
)

// Request appends the head of the poll for the key, up to its last field line
// and without the empty one: the caller adds the conditions that its own
// conversation with the origin allows, and Body behind it. agent is sent as
// User-Agent, and trail are field lines that every request of this process
// carries (Via, CDN-Loop).
func (k *Key) Request(b []byte, agent, trail string) []byte {
	return k.appendTrail(k.appendLines(k.appendStart(b), k.lines), agent, trail)
}

// Lent is Request with the client's own credentials: the poll that this client
// would have sent itself.
func (k *Key) Lent(b []byte, agent, trail string) []byte {
	return k.appendTrail(k.appendLines(k.appendLines(k.appendStart(b), k.lines), k.own), agent, trail)
}

// Inquiry is a GET of another path with all that may say who the client is:
// whether it is let in. What it wants, or sends, is left out.
func (k *Key) Inquiry(b []byte, path, agent, trail string) []byte {
	b = k.appendRequestLine(b, "GET", path)
	for _, l := range k.lines {
		if !isAboutContent(l.name) {
			b = k.appendLines(b, []line{l})
		}
	}
	b = k.appendLines(b, k.own)
	return k.appendTrail(b, agent, trail)
}

func isAboutContent(name []byte) bool {
	return head.Lookup(name) == head.Prefer || len(name) > 8 && bytes.EqualFold(name[:8], []byte("content-"))
}

// Method is GET, or POST.
func (k *Key) Method() string {
	if k.post {
		return "POST"
	}
	return "GET"
}

// Body is what a POST sends. It is not to be kept.
func (k *Key) Body() []byte { return k.body }

func (k *Key) appendStart(b []byte) []byte {
	b = k.appendRequestLine(b, k.Method(), string(k.target))
	if k.post {
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(k.body)), 10), "\r\n"...)
	}
	return b
}

// appendRequestLine appends the request line, and Host.
func (k *Key) appendRequestLine(b []byte, method, target string) []byte {
	b = append(append(append(append(b, method...), ' '), target...), " HTTP/1.1\r\nHost: "...)
	return append(append(b, k.hostSent()...), "\r\n"...)
}

func (k *Key) appendLines(b []byte, lines []line) []byte {
	for _, l := range lines {
		b = appendCanonical(b, l.name)
		b = append(append(append(b, ": "...), l.value...), "\r\n"...)
	}
	return b
}

func (k *Key) appendTrail(b []byte, agent, trail string) []byte {
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
