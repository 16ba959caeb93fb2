// Package authorize remembers whom the origin lets in, on routes where all share
// one feed and each client's own credentials are checked first.
//
//	client ─► Holds? ── no ──► Inquire ──► origin: 2xx, and that is good for ttl
//	             │ yes                 └─► anything else is this client's answer
//	             ▼
//	         the feed, which all share
//
// A [Claim] is who asks to see what. The [Register] has the origin's consents,
// by claim, until they end; there is one inquiry at a time about one claim, and
// whoever has the same waits for it. A [Tenure] is a client that is held: it
// has its claim looked into again before each consent ends, and is told when the
// origin no longer lets it in. What concerns one client never touches another.
//
// # While the origin fails
//
// A consent that ends while nobody can say whether it still holds is good for a
// grace more: as long as the route serves a snapshot then (stale_if_error). A
// refusal ends it at once.
//
// # What is forgotten, and why
//
// A refusal is not remembered: the same credentials may be good a moment later,
// after a login. A consent is forgotten early when the origin says something to
// that client that can mean a logout ([Register.Forget]).
//
// # Guarded resources
//
// A shared poll carries nobody's credentials. Where the origin refuses it for
// that, its resource is guarded, and only there may a poll borrow those of a
// client that was let in. The register remembers which resources are
// ([Register.Guard]), so that finding it out costs one request an hour.
package authorize
