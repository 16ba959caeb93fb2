package config

// Mode says what becomes of a route's requests.
type Mode string

// The modes of a route.
const (
	ModeCoalesce Mode = "coalesce" // polled once for everybody
	ModeObserve  Mode = "observe"  // passed through, and compared with what coalesce would do
	ModePass     Mode = "pass"     // passed through, each on its own
)

// Share says who may share an answer.
type Share string

// The sharing policies of a route.
const (
	ShareAuto      Share = "auto"      // requests with credentials by identity, others together
	SharePublic    Share = "public"    // one feed for all; credentials are not sent on the shared poll
	ShareIdentity  Share = "identity"  // every request needs credentials, one feed per identity
	ShareAuthorize Share = "authorize" // one feed for all; each client's own credentials are checked first
)

// ServesAnybody reports whether there are answers for those who have no credentials.
func (s Share) ServesAnybody() bool { return s != ShareIdentity && s != ShareAuthorize }

// Shares returns all of them, in the order of the specification.
func Shares() []Share {
	return []Share{ShareAuto, SharePublic, ShareIdentity, ShareAuthorize}
}

// Transport is a way in which a client is served.
type Transport string

// The transports, as in routes[].serve and in statistics.
const (
	Poll      Transport = "poll"
	Longpoll  Transport = "longpoll"
	SSE       Transport = "sse"
	NDJSON    Transport = "ndjson"
	Multipart Transport = "multipart"
	WS        Transport = "websocket"
)

// Transports returns all of them, in the order of the specification.
func Transports() []Transport {
	return []Transport{Poll, Longpoll, SSE, NDJSON, Multipart, WS}
}

// Coding is a content coding.
type Coding string

// The codings, as in Accept-Encoding.
const (
	Brotli Coding = "br"
	Zstd   Coding = "zstd"
	Gzip   Coding = "gzip"
)

// Codings returns all of them, the most thorough first.
func Codings() []Coding { return []Coding{Brotli, Zstd, Gzip} }

// LogLevel is the least severity that is logged.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogFormat is how log lines look.
type LogFormat string

// The log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Size is a number of bytes, written as 64KiB or 10MiB.
type Size int64

// Globs are names in which a trailing "*" stands for anything.
type Globs []string
