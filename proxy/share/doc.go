// Package share decides who may share an answer. Leaking one user's answer to
// another is the one unforgivable fault, so everything that could cause it
// stands in this room, and nothing else does:
//
//	request ─► Policy.Key ─► Key.Bytes   what makes two polls identical
//	                     └─► Key.Request  what the poll puts on the wire
//	response ─► Policy.Judge ─► Verdict          whether the answer may be shared, and why not
//
// # The central rule
//
// An upstream poll is a pure function of its key. Key.Bytes and Key.Request are
// made from the same sorted list of lines, and from nothing else: what is not in
// the key is not on the wire, and two requests with one key would put the same
// bytes there. The one thing that a key holds in another form than the wire is
// credentials: the key has a keyed hash of them (HMAC-SHA256 under a random key
// of this process), so that keys can be kept, compared and logged as hashes
// without holding a secret.
//
// # Three classes of request fields
//
// Harmless fields are left out of both. Credentials make the identity, or on a
// public route are left out of both. Whatever is unknown is part of both, which
// is safe for any API. See package head for the lists.
//
// # What is learned
//
// A response's Vary names fields that its origin looked at. Those that are not
// part of the key yet become part of it, for the whole route, and from then on
// ([Policy.Learn]). The answer that said so was made for a request without these
// fields, so it may still be given to those that have none of them, which is
// what their new key says. A field about a request's way that an origin looks at
// is one that it believes, so it is taken from trusted peers only.
//
// # Whatever the route says
//
// See [Policy.Judge].
package share
