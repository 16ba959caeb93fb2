package observe

import (
	"bytes"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// perRequest are fields, by folded name, that are another on each request: they
// would separate everything from everything.
var perRequest = map[string]bool{
	"traceparent": true, "tracestate": true, "baggage": true, "b3": true, "uber-trace-id": true, "sentry-trace": true,
	"newrelic": true, "elastic-apm-traceparent": true, "grpc-trace-bin": true, "x-cloud-trace-context": true,
	"x-amzn-trace-id": true, "x-ot-span-context": true, "x-trace-id": true, "x-span-id": true, "x-request-id": true,
	"x-requestid": true, "request-id": true, "x-request-start": true, "x-queue-start": true, "x-correlation-id": true,
	"x-correlationid": true, "correlation-id": true, "request-context": true, "x-client-trace-id": true,
	"x-transaction-id": true, "x-client-request-id": true, "x-ms-client-request-id": true, "cf-ray": true,
	"x-amz-cf-id": true, "x-azure-ref": true, "x-varnish": true, "x-envoy-attempt-count": true, "pragma": true,
}

// ofWay are fields about a request's way that pollmux writes itself. What a
// trusted peer says of the client's address is part of [Client.Way].
var ofWay = map[string]bool{"via": true, "cdn-loop": true, "forwarded": true, "x-forwarded-for": true}

// believed are those that a trusted peer's are passed on of.
var believed = map[string]bool{"x-forwarded-proto": true, "x-forwarded-host": true}

// isAside reports whether a field is nothing by which an origin tells clients
// apart: it is about this connection or this message, it says what is known, or
// it does not get to the origin.
func isAside(f *head.Field, trusted bool) bool {
	switch f.Is {
	case head.Host, head.ContentLength, head.TransferEncoding, head.Connection, head.HopByHop, head.Upgrade, head.Expect,
		head.LastEventID, head.IfNoneMatch, head.IfModifiedSince, head.IfRange, head.Range, head.CacheControl, head.WebSocket:
		return true
	case head.Forwarding, head.Harmless:
		var buf [64]byte
		name := buf[:0]
		for _, c := range f.Name {
			name = append(name, folded(c))
		}
		return ofWay[string(name)] || perRequest[string(name)] || believed[string(name)] && !trusted ||
			bytes.HasPrefix(name, []byte("if-")) || bytes.HasPrefix(name, []byte("x-b3-")) || bytes.HasPrefix(name, []byte("x-datadog-"))
	}
	return false
}

// acceptsCoding reports whether a client would take a body in a content coding,
// for which a poll does not ask.
func acceptsCoding(h *head.Head) bool {
	accepted := strings.TrimSpace(string(h.Joined(head.AcceptEncoding)))
	return accepted != "" && !strings.EqualFold(accepted, "identity")
}
