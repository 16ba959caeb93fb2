package head

// Name identifies a request field that something in this program knows about.
type Name uint8

// The fields that are known by name. What each means for sharing is said in
// package share.
const (
	Other Name = iota // not known

	// Framing and connection (RFC 9110 section 7.6.1).
	Host
	ContentLength
	TransferEncoding
	Connection
	HopByHop // Keep-Alive, Proxy-*, TE, Trailer, HTTP2-Settings
	Upgrade
	Expect

	// Read by pollmux itself.
	Accept
	AcceptEncoding
	AcceptLanguage // harmless, but for those who ask for a page
	Prefer
	LastEventID
	IfNoneMatch
	IfModifiedSince
	IfRange
	Range
	CacheControl
	WebSocket // Sec-WebSocket-*
	Origin

	// Say who is asking.
	Cookie
	Credential // Authorization and the usual API-key fields

	// Change what a GET does.
	MethodOverride

	// About the way of a request, not about its answer.
	Forwarding // Via, Forwarded, X-Forwarded-*, …
	Harmless   // User-Agent, Referer, Sec-*, tracing, …
)

// vocabulary maps lower-case field names to what they are.
var vocabulary = map[string]Name{
	"host":              Host,
	"content-length":    ContentLength,
	"transfer-encoding": TransferEncoding,
	"connection":        Connection,
	"upgrade":           Upgrade,
	"expect":            Expect,

	"keep-alive":         HopByHop,
	"proxy-connection":   HopByHop,
	"proxy-authenticate": HopByHop,
	// Meant for the next proxy, which is this one and has no use for it.
	"proxy-authorization": HopByHop,
	"te":                  HopByHop,
	"trailer":             HopByHop,
	"http2-settings":      HopByHop,

	"accept":            Accept,
	"accept-encoding":   AcceptEncoding,
	"accept-language":   AcceptLanguage,
	"prefer":            Prefer,
	"last-event-id":     LastEventID,
	"if-none-match":     IfNoneMatch,
	"if-modified-since": IfModifiedSince,
	"if-range":          IfRange,
	"range":             Range,
	"cache-control":     CacheControl,
	"origin":            Origin,
	"cookie":            Cookie,

	"x-http-method":          MethodOverride,
	"x-http-method-override": MethodOverride,
	"x-method-override":      MethodOverride,
}

// credentials are fields whose value says who is asking. A field that is
// missing here is still part of the key, as every unknown one; being here keeps
// its value out of the key and off a public route's poll.
var credentials = []string{
	"authorization", "cookie2", "dpop", "authentication",
	"api-key", "apikey", "x-api-key", "x-apikey", "x-api-token", "x-app-key", "x-app-token",
	"x-auth-token", "x-auth-key", "x-auth-user", "x-auth-email", "x-authorization", "x-access-token", "access-token",
	"x-id-token", "x-jwt-assertion", "x-jwt", "x-token", "token", "x-user-token", "x-session", "x-session-id",
	"x-session-token", "session-id", "x-csrf-token", "x-xsrf-token", "x-csrftoken", "csrf-token",
	"private-token", "job-token", "deploy-token", "x-gitlab-token", "x-github-token", "x-vault-token", "x-consul-token",
	"x-shopify-access-token", "x-goog-api-key", "x-goog-iap-jwt-assertion", "x-goog-authenticated-user-email",
	"x-goog-authenticated-user-id", "x-functions-key", "ocp-apim-subscription-key", "x-ibm-client-id",
	"x-ibm-client-secret", "client-id", "client-secret", "x-client-id", "x-client-secret",
	"cf-access-jwt-assertion", "cf-access-client-id", "cf-access-client-secret", "cf-access-authenticated-user-email",
	"x-amzn-oidc-data", "x-amzn-oidc-identity", "x-amzn-oidc-accesstoken",
	"remote-user", "x-remote-user", "x-remote-groups", "x-user", "x-user-id", "x-userid", "x-username", "x-tenant-id",
	"x-webauth-user", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups",
	"x-forwarded-preferred-username", "x-forwarded-access-token", "x-original-user",
	"x-client-cert", "client-cert", "client-cert-chain", "x-forwarded-client-cert", "x-forwarded-tls-client-cert",
	"x-ssl-client-cert", "x-ssl-cert", "x-ssl-client-dn", "x-ssl-client-s-dn", "x-ssl-client-verify", "ssl-client-cert",
	"x-signature", "signature", "signature-input", "x-hub-signature", "x-device-token", "x-parse-session-token",
}

// forwarding are fields that proxies add about a request's way.
var forwarding = []string{
	"via", "forwarded", "cdn-loop", "max-forwards",
	"x-forwarded", "x-forwarded-for", "x-forwarded-by", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
	"x-forwarded-protocol", "x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-scheme", "x-url-scheme",
	"front-end-https", "x-original-forwarded-for", "x-real-ip", "x-client-ip", "x-remote-ip", "x-remote-addr",
	"client-ip", "true-client-ip", "x-true-client-ip", "x-cluster-client-ip", "x-originating-ip", "fastly-client-ip",
	"fly-client-ip", "fly-forwarded-port", "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "cf-ray",
	"cf-visitor", "cf-worker", "x-envoy-external-address", "x-envoy-internal", "x-envoy-expected-rq-timeout-ms",
	"x-envoy-attempt-count", "x-envoy-original-path", "x-varnish", "x-azure-clientip", "x-azure-socketip",
	"x-azure-ref", "x-azure-fdid", "x-appengine-user-ip", "akamai-origin-hop", "x-akamai-edgescape",
	"x-amz-cf-id", // CloudFront's, another one on each request, and no credential as the rest of its family
}

// harmless are fields that tell about the client or the request, not about the
// answer that is wanted.
var harmless = []string{
	"user-agent", "referer", "pragma", "dnt", "save-data", "priority", "early-data", "from", "warning",
	"upgrade-insecure-requests", "purpose", "x-purpose", "x-moz", "a-im",
	"device-memory", "dpr", "viewport-width", "width", "downlink", "ect", "rtt",
	"traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "sentry-trace", "newrelic",
	"elastic-apm-traceparent", "grpc-trace-bin", "x-cloud-trace-context", "x-amzn-trace-id", "x-ot-span-context",
	"x-trace-id", "x-span-id", "x-request-id", "x-requestid", "request-id", "x-request-start", "x-queue-start",
	"x-correlation-id", "x-correlationid", "correlation-id", "request-context", "x-client-trace-id", "x-transaction-id",
	"x-client-request-id", "x-ms-client-request-id",
}

// families are known by how they begin; the first that fits counts.
var families = []struct {
	prefix string
	name   Name
}{
	{"sec-websocket-", WebSocket},
	{"sec-", Harmless},
	{"if-", Harmless},
	{"x-b3-", Harmless},
	{"x-datadog-", Harmless},
	{"x-ot-", Harmless},
	{"x-amz-", Credential},
	{"x-ms-client-principal", Credential},
	{"x-ms-token-", Credential},
	{"x-auth-request-", Credential},
}
