package share

import "github.com/pollmux/pollmux/proxy/head"

// whyKeyed says why a field is part of the key by default.
func whyKeyed(is head.Name) string {
	switch is {
	case head.Origin:
		return "CORS answers differ by it"
	case head.Accept:
		return "an origin may choose by it, and not say so in Vary"
	case head.Prefer:
		return "an origin may do as it says"
	}
	return "nobody knows what it means to the origin, and this is safe for any"
}

// whyOut says why a field is left out of key and poll.
func whyOut(is head.Name) string {
	switch is {
	case head.Host:
		return "it is the key's host"
	case head.Connection, head.HopByHop, head.Upgrade, head.TransferEncoding, head.ContentLength:
		return "it is about this connection or message only"
	case head.AcceptEncoding:
		return "polls ask for no coding; pollmux compresses for each client"
	case head.IfNoneMatch, head.IfModifiedSince, head.LastEventID:
		return "pollmux compares it with its snapshot; polls have conditions of their own"
	case head.CacheControl:
		return "freshness is the route's interval; only-if-cached is obeyed"
	case head.WebSocket:
		return "the handshake is pollmux's to answer"
	case head.Range, head.IfRange, head.Expect, head.MethodOverride:
		return "a request that has it passes through"
	case head.Forwarding:
		return "it tells of the request's way; polls have a way of their own"
	}
	return "it tells about the client, not about the answer that is wanted"
}
