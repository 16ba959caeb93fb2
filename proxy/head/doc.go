// Package head reads the head of a client's request, once and strictly.
//
// fasthttp parses leniently: it folds lines, takes a bare line feed for a line
// end, prefers Transfer-Encoding to a Content-Length beside it, forwards
// HTTP/2.0 and decodes user names out of Host. Each of these is a place where
// two servers can disagree about where a request ends or whose it is. So every
// decision is made from a [Head], read from the raw lines, and a request about
// which there could be two opinions is refused before anything else looks at it
// (RFC 9112 sections 2.2, 3.2, 5.2, 6.1 and 11.2).
//
// What fasthttp takes and does not show, a [Follower] sees: it reads along on the
// connection itself, in front of fasthttp, and lets through what ends in one place
// only.
//
// A Head holds views into fasthttp's buffers: it dies with the handler, and
// nothing of it may be kept without a copy.
package head
