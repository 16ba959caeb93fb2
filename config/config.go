package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Config is a whole configuration. Every field has its default filled in.
type Config struct {
	// Listen holds where clients connect. Default 127.0.0.1:8080.
	Listen Listeners `yaml:"listen"`

	// TLS is for those of Listen that have none of their own. Default none.
	TLS KeyPairs `yaml:"tls"`

	// ReusePort lets a second process listen on the addresses of Listen and of
	// Admin at the same time (SO_REUSEPORT, Linux only). Default false.
	ReusePort bool `yaml:"reuse_port"`

	Admin Admin `yaml:"admin"`

	// TrustedProxies are the peers whose Forwarded and X-Forwarded-* fields
	// are believed. Default none.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`

	// DrainDelay is how long a stopping process goes on as before while /readyz
	// fails already, so that load balancers send no new clients by the time that
	// it stops listening. Default 0.
	DrainDelay time.Duration `yaml:"drain_delay"`

	// DrainTimeout bounds how long a stopping process waits for its clients, once
	// it has stopped listening. Default 20s; 0 ends at once.
	DrainTimeout time.Duration `yaml:"drain_timeout"`

	Log       Log                  `yaml:"log"`
	Tracing   Tracing              `yaml:"tracing"`
	Limits    Limits               `yaml:"limits"`
	Timeouts  Timeouts             `yaml:"timeouts"`
	Upstreams map[string]*Upstream `yaml:"upstreams"`

	// Routes are tried in order; the first match wins.
	Routes []*Route `yaml:"routes"`

	routeLines []int // where each of them begins; nil without a file
}

// RouteLine is the line of the file that the route of an index begins on, 0 if it
// comes from no file.
func (c *Config) RouteLine(i int) int {
	if i < 0 || i >= len(c.routeLines) {
		return 0
	}
	return c.routeLines[i]
}

// Admin is the operator's own listener: statistics, metrics, health, pprof.
type Admin struct {
	// Listen defaults to 127.0.0.1:9090. Anything but a loopback address
	// requires Token.
	Listen string `yaml:"listen"`

	// Token, when set, must arrive as "Authorization: Bearer TOKEN" on every
	// request but /healthz and /readyz.
	Token string `yaml:"token"`
}

// Log says what is logged to standard error, and how.
type Log struct {
	Level  LogLevel  `yaml:"level"`  // debug, info (default), warn, error
	Format LogFormat `yaml:"format"` // text (default), json
	Access Access    `yaml:"access"`
}

// Limits bound what clients and origins can make the process hold.
type Limits struct {
	// Connections is how many client connections may be open at once.
	// Default 100000; 0: no limit.
	Connections int `yaml:"connections"`

	// ConnectionsPerIP is the same for one address (for IPv6, one /64).
	// Behind TrustedProxies, whose own connections are not counted, it is how
	// many requests one client has under way, those that are held included.
	// Default 0: no limit.
	ConnectionsPerIP int `yaml:"connections_per_ip"`

	// Subscribers is how many clients may be held at once; who comes then and
	// can do without is answered at once. Default 0: nine tenths of
	// Connections.
	Subscribers int `yaml:"subscribers"`

	// Feeds is how many feeds may be live at once; further resources are
	// passed through. Default 10000; 0: no limit.
	Feeds int `yaml:"feeds"`

	// Authorizations is how many clients' authorizations are kept at once;
	// others are checked again at each request. Default 100000; 0: no limit.
	Authorizations int `yaml:"authorizations"`

	// FeedsPerIP is how many feeds the held clients of one address (for IPv6,
	// one /64; told by TrustedProxies too) may keep polled. Default 0: no
	// limit.
	FeedsPerIP int `yaml:"feeds_per_ip"`

	// RequestHeader is the size of a request's head. Default 16KiB; at least
	// 1KiB.
	RequestHeader Size `yaml:"request_header"`

	// RequestBody is the size of a request's body. Default 0: no limit.
	RequestBody Size `yaml:"request_body"`

	// Snapshot is the size of one answer that is kept and shared. A larger
	// one is streamed through, unshared. Default 10MiB; 0: no limit.
	Snapshot Size `yaml:"snapshot"`

	// Snapshots is the size of all kept answers together; beyond it, feeds
	// that nobody watches are dropped and new ones are passed through.
	// Default 1GiB; 0: no limit.
	Snapshots Size `yaml:"snapshots"`
}

// Timeouts bound how long one client may hold things up. None may be 0.
type Timeouts struct {
	Header time.Duration `yaml:"header"` // from the first byte of a head to its last. Default 10s
	Idle   time.Duration `yaml:"idle"`   // between requests of a connection, and between bytes of a request body. Default 75s
	Write  time.Duration `yaml:"write"`  // without progress while something is being written. Default 30s
}

// Upstream is the legacy API: a group of servers under one name.
type Upstream struct {
	// Servers are origins as "http://host:port" or "https://host", at least one,
	// each of which can answer everything.
	Servers []*url.URL `yaml:"servers"`

	// Timeout bounds a whole poll, and the time to the response head of a
	// passed request. Default 10s; not 0.
	Timeout time.Duration `yaml:"timeout"`

	// Budget is how many polls the upstream gets at most, of all its feeds
	// together; passed requests do not count. Default 0: none, each route
	// keeps to its own Interval.
	Budget Rate `yaml:"budget"`

	// Host, when set, is sent as the Host field in place of the client's own.
	Host string `yaml:"host"`

	Health Health `yaml:"health"`

	TLS UpstreamTLS `yaml:"tls"`
}

// Health is how each server of an upstream is asked whether it is well.
type Health struct {
	// Path is asked for by GET; it may carry a query. Default none: the servers
	// are not asked.
	Path string `yaml:"path"`

	// Interval is the time between two checks of a server. Default 5s; at least
	// 100ms.
	Interval time.Duration `yaml:"interval"`

	// Timeout bounds a check. Default 2s or, if that is less, Interval; not 0.
	Timeout time.Duration `yaml:"timeout"`

	// Status are the answers that are good. Default: 200 to 299.
	Status []int `yaml:"status"`

	// Healthy is how many good checks in a row bring a server back, and Unhealthy
	// how many bad ones have it left out. Default 2 and 3; from 1 to 100.
	Healthy   int `yaml:"healthy"`
	Unhealthy int `yaml:"unhealthy"`
}

// UpstreamTLS is how https servers of an upstream are spoken to. The names of files
// are relative to where the process was started.
type UpstreamTLS struct {
	// CA is a file of certificates (PEM) that a server's may be signed by.
	// Default: the system's roots.
	CA string `yaml:"ca"`

	// Cert and Key are files (PEM) of the certificate that servers are shown, and
	// of its private key. Default none.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`

	// ServerName is asked for, and has to be in a server's certificate. Default:
	// the host in the server's URL.
	ServerName string `yaml:"server_name"`

	// InsecureSkipVerify believes any certificate. Default false.
	InsecureSkipVerify bool `yaml:"insecure_skip_verify"`
}

// Route is a pattern of requests and the policy for them.
type Route struct {
	// Name appears in logs and statistics, and is unique. Default: the path
	// or, where another route has that name, host and path.
	Name string `yaml:"name"`

	// Host restricts the route to a host, or with a leading "*." to its
	// subdomains. It is in lower case and has no port. Default: any.
	Host string `yaml:"host"`

	// Path is matched against the raw path: "*" is one segment, "**" any
	// number of them.
	Path Pattern `yaml:"path"`

	// Methods that are coalesced: GET, which includes HEAD, and POST where it
	// only reads. Default GET.
	Methods []string `yaml:"methods"`

	// Upstream names an entry of Config.Upstreams.
	Upstream string `yaml:"upstream"`

	Mode Mode `yaml:"mode"`

	// Interval is the pace of upstream polls. Default 1s, fixed.
	Interval Interval `yaml:"interval"`

	// Weight is how much a subscriber of this route counts when polls are
	// shared out among feeds, by a budget or an adaptive Interval. Default 1;
	// more than 0, at most 1000000.
	Weight float64 `yaml:"weight"`

	// Serve lists the transports that clients may ask for. Default: all.
	Serve []Transport `yaml:"serve"`

	Share Share `yaml:"share"`

	// ShareNoStore shares answers to polls without credentials although they
	// say Cache-Control: no-store, which many APIs say of everything only to
	// keep caches away. Default false.
	ShareNoStore bool `yaml:"share_no_store"`

	// Authorize is how clients are let in with ShareAuthorize.
	Authorize Authorize `yaml:"authorize"`

	// CredentialHeaders are request headers that make an identity, besides
	// the well-known ones.
	CredentialHeaders []string `yaml:"credential_headers"`

	// CredentialCookies, when set, are the only cookies that make an
	// identity. Default: every cookie but the well-known analytics ones.
	CredentialCookies Globs `yaml:"credential_cookies"`

	Key Key `yaml:"key"`

	// Ignore are JSON pointers (RFC 6901) whose changes are no change.
	Ignore []string `yaml:"ignore"`

	// ChangedAt is a JSON pointer to where a body says when it changed, for a
	// pace that adapts. Default none.
	ChangedAt string `yaml:"changed_at"`

	// Wait is the longest hold of a long poll. Default 60s; at least 1s.
	Wait time.Duration `yaml:"wait"`

	// WaitQuery names a query parameter that asks for a long poll, for
	// clients that cannot set headers: "wait" gives ?wait=30&wait_etag=….
	// Default none.
	WaitQuery string `yaml:"wait_query"`

	// TransportQuery names a query parameter that asks for a transport, for
	// clients that cannot set Accept: with "transport", an <img> whose source
	// ends in ?transport=multipart is a live picture. Default none.
	TransportQuery string `yaml:"transport_query"`

	// Keepalive is the longest silence on a stream. Default 15s; at least 1s.
	Keepalive time.Duration `yaml:"keepalive"`

	// Linger is how long the snapshot of a feed that nobody watches is kept.
	// It is not polled meanwhile. Default 1m; 0: not at all.
	Linger time.Duration `yaml:"linger"`

	// StaleWhileRevalidate answers polls from a snapshot that is at most this
	// much older than Interval.Min while the next one is fetched. Default 0.
	StaleWhileRevalidate time.Duration `yaml:"stale_while_revalidate"`

	// StaleIfError answers polls from the last good snapshot for this long
	// while the origin fails. Default 1m; 0: not at all.
	StaleIfError time.Duration `yaml:"stale_if_error"`

	// RefreshOn names writes that poll this route's feeds at once.
	RefreshOn []Write `yaml:"refresh_on"`

	Compress Compress `yaml:"compress"`

	WebSocket WebSocket `yaml:"websocket"`
}

// Authorize is how the credentials of each client are checked before it is
// given what all share.
type Authorize struct {
	// Path is asked whether the client is let in, as the origin's own path; it
	// may carry a query. Default none: the resource itself.
	Path string `yaml:"path"`

	// TTL is for how long the origin's consent is good. Default 60s; at least
	// 10ms.
	TTL time.Duration `yaml:"ttl"`
}

// Key shapes what makes two polls identical. What is not in the key is not
// sent to the origin either.
type Key struct {
	// IgnoreQuery drops query parameters by name. Default "_", the usual
	// cache buster; an empty list drops none.
	IgnoreQuery Globs `yaml:"ignore_query"`

	// SortQuery makes the order of query parameters irrelevant.
	SortQuery bool `yaml:"sort_query"`

	// Headers adds request headers that are otherwise left out.
	Headers []string `yaml:"headers"`

	// IgnoreHeaders drops request headers that are otherwise part of the key.
	IgnoreHeaders []string `yaml:"ignore_headers"`

	// IgnoreCookies drops cookies besides the well-known analytics ones.
	IgnoreCookies Globs `yaml:"ignore_cookies"`
}

// Compress is how answers are compressed, once for all clients that ask for it in
// Accept-Encoding.
type Compress struct {
	// Codings are offered in this order of preference. Default br, zstd, gzip;
	// an empty list compresses nothing.
	Codings []Coding `yaml:"codings"`

	// Streams compresses SSE and NDJSON as well, in zstd and gzip. Default
	// false.
	Streams bool `yaml:"streams"`

	// Private compresses what only some may see as well: answers to requests
	// with credentials, and everything with ShareIdentity and ShareAuthorize.
	// Whoever can put text of his into such an answer, and see how long it is
	// on the wire, can guess the rest (BREACH). Default false.
	Private bool `yaml:"private"`
}

// Write names requests that change something: a method and the paths it is
// sent to.
type Write struct {
	Method string  `yaml:"method"`
	Path   Pattern `yaml:"path"`
}

// WebSocket is the policy for WebSocket clients of a coalesced route.
type WebSocket struct {
	// Origins are accepted besides the page's own, as "https://host[:port]":
	// in lower case, and without the default port, as browsers send them.
	Origins []string `yaml:"origins"`

	// AllowNoOrigin lets in who brings cookies and names no origin. No browser
	// does; something between it and pollmux may take the field away. Default
	// false.
	AllowNoOrigin bool `yaml:"allow_no_origin"`

	// Send turns each message of a client into a request to the origin. Nil:
	// a message closes the connection with 1003.
	Send *Send `yaml:"send"`

	// Ping is the pace of pings. A peer that is silent for 2.5 times as long
	// is gone. Default 30s; at least 1s.
	Ping time.Duration `yaml:"ping"`

	// MaxMessage is the largest message that a client may send. Default
	// 64KiB; from 1 to 16MiB.
	MaxMessage Size `yaml:"max_message"`

	// Compress takes up permessage-deflate (RFC 7692), without context
	// takeover. MaxMessage is of the message as it was. Default false.
	Compress bool `yaml:"compress"`
}

// Send is the request that a client's WebSocket message becomes.
type Send struct {
	Method string `yaml:"method"` // default POST
	Path   string `yaml:"path"`   // begins with "/"; may carry a query
}

// Default returns a configuration with every default, and no upstream or
// route.
func Default() *Config {
	return &Config{
		Listen:       ListenOn("127.0.0.1:8080"),
		Admin:        Admin{Listen: "127.0.0.1:9090"},
		DrainTimeout: 20 * time.Second,
		Log:          Log{Level: LogInfo, Format: LogText, Access: Access{Client: ClientFull, Output: OutputStderr}},
		Limits: Limits{
			Connections:    100_000,
			Feeds:          10_000,
			Authorizations: 100_000,
			RequestHeader:  16 << 10,
			Snapshot:       10 << 20,
			Snapshots:      1 << 30,
		},
		Tracing:   Tracing{Sample: 0.01, ServiceName: "pollmux"},
		Timeouts:  Timeouts{Header: 10 * time.Second, Idle: 75 * time.Second, Write: 30 * time.Second},
		Upstreams: map[string]*Upstream{},
	}
}

// DefaultUpstream returns an upstream with every default and no server.
func DefaultUpstream() *Upstream {
	return &Upstream{
		Timeout: 10 * time.Second,
		Health:  Health{Interval: 5 * time.Second, Healthy: 2, Unhealthy: 3},
	}
}

// DefaultRoute returns a route with every default, and no path or upstream.
func DefaultRoute() *Route {
	return &Route{
		Methods:      []string{"GET"},
		Mode:         ModeCoalesce,
		Interval:     Every(time.Second),
		Weight:       1,
		Serve:        Transports(),
		Share:        ShareAuto,
		Key:          Key{IgnoreQuery: Globs{"_"}},
		Wait:         time.Minute,
		Keepalive:    15 * time.Second,
		Linger:       time.Minute,
		StaleIfError: time.Minute,
		Authorize:    Authorize{TTL: time.Minute},
		Compress:     Compress{Codings: Codings()},
		WebSocket:    WebSocket{Ping: 30 * time.Second, MaxMessage: 64 << 10},
	}
}
