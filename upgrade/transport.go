package upgrade

// Transport is a way in which a client is served.
type Transport uint8

// The transports. Pass is none of them: the request goes to the origin.
const (
	Pass Transport = iota
	Poll
	Longpoll
	SSE
	NDJSON
	Multipart
	WebSocket
)

// Transports is how many values there are.
const Transports = int(WebSocket) + 1

var transportNames = [Transports]string{"pass", "poll", "longpoll", "sse", "ndjson", "multipart", "websocket"}

// String returns the name used in configuration and statistics.
func (t Transport) String() string { return transportNames[t] }

// ParseTransport is the inverse of String; Pass for a name that is none.
func ParseTransport(name string) Transport {
	for t, n := range transportNames {
		if n == name {
			return Transport(t)
		}
	}
	return Pass
}

// Set is a set of transports.
type Set uint8

// With returns the set with t in it.
func (s Set) With(t Transport) Set { return s | 1<<t }

// Has reports whether t is in the set.
func (s Set) Has(t Transport) bool { return s&(1<<t) != 0 }
