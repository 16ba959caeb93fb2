package share

import "strings"

// sentences say in plain words what each reason means, to those who look after the
// proxy. Other packages have reasons of their own; all are here, so that explain, the
// report and the README say the same.
var sentences = map[Reason]string{
	ReasonMethod:     "the method is none of the route's methods, or a HEAD found no snapshot: pollmux polls for GET, and for POST where the route says so",
	ReasonBody:       "a GET with a body: nobody can say what it means",
	ReasonRange:      "it asks for a part of the answer (Range), and a part is nobody else's",
	ReasonExpect:     "it expects something of the origin before its body (Expect)",
	ReasonOverride:   "a field says that the method is another one (X-HTTP-Method-Override): a poll of it might write",
	ReasonTarget:     "its path is unusual (//, /../, ;, %2f, …), and the origin may take it for another one's, or it names no host",
	ReasonConnection: "Connection names fields for this hop only, so the origin would not get what the client sent",
	ReasonUpgrade:    "it asks for another protocol than WebSocket, or for a subprotocol: that is the origin's",
	ReasonLearning:   "the origin's Vary kept naming new fields while it was asked: the key is not settled",
	ReasonLimit:      "limits.feeds or limits.snapshots is reached, and there is no room for another feed",
	ReasonTooLarge:   "the answer is larger than limits.snapshot, and is streamed to each client",
	ReasonBodySize:   "the body is larger than 64 KiB, the most that can be part of a key",
	ReasonTrailer:    "fields follow its body, which would not be part of the key",

	reasonVary:         "the origin's Vary is \"*\", names more than 16 fields, or names who is asking: nobody knows whom the answer is for",
	"malformed-head":   "the head of the origin's answer is malformed, and two readers could read it differently",
	"content-encoding": "the origin compressed its answer although it was asked not to",
	"content-type":     "the origin's answer has several Content-Type lines: one reader takes the first, another the last",
	"stream":           "the answer is itself a stream of events or pictures",
	"endless":          "the answer did not end within the time of a poll",
	"cache-control":    "the origin's Cache-Control cannot be read",
	"no-store":         "the origin says that nobody may keep its answer (Cache-Control: no-store); if that is meant for caches, share_no_store lets those without credentials share it",
	"private":          "the origin says that its answer is one user's (Cache-Control: private)",
	"names-a-user":     "the origin's answer has a field that names a user or a credential",

	"refused":           "the origin refused this resource to this client, which gets whatever the origin says to it",
	"authorize":         "the origin was asked whether it lets the client in, and its answer to that was the client's own",
	"seldom-shared":     "the route's polls brought nothing of late that may be shared, and the client has credentials that they do not send",
	"no-snapshot":       "there is no snapshot, as the resource does not exist or is empty: the origin may know what a WebSocket is there",
	"not-served":        "the route would refuse the transport that the client asks for (serve)",
	"no-credentials":    "the route would refuse it: it has no credentials (share: identity)",
	"post-not-observed": "a POST that only reads: its body would be part of the key, and is not looked at while observing",
}

// Sentence says in plain words what a reason means. A token that it does not know it
// says as it is.
func (r Reason) Sentence() string {
	if s, ok := sentences[r]; ok {
		return s
	}
	if status, ok := strings.CutPrefix(string(r), "status-"); ok {
		return "the origin answered " + status + ", which is for whoever asked: shared are 200, 202, 203, 204, 404 and 410"
	}
	if isAnyOf(neverShared, []byte(r)) {
		return "the origin's answer has " + string(appendCanonical(nil, []byte(r))) + ", which is meant for one client"
	}
	return string(r)
}
