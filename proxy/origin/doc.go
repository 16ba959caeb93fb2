// Package origin talks HTTP/1.1 to the legacy API.
//
//	Group ─► Line (polls)  ─► Client ─► pool ─► conn ─► server
//	      └► Line (passes) ─► Client ─► pool ─► conn ─► server
//
// A [Client] sends exactly the bytes that it is given, once, and hands back a
// response whose body has not been read yet. Polls and passed requests have a
// client each, so that what a passed request does to a connection can never
// reach a poll.
//
// # Which server
//
// A [Group] has the servers of an upstream, each with both clients, and a [Line] for
// each half, which chooses one for every request. Passed requests go to the server
// with least under way. Polls of a feed go to the same one each time (rendezvous
// hashing with bounded load), because replicas lag and name versions differently:
// with the least loaded, a feed's conditions would never hold, and its versions would
// go back and forth with the replicas'.
//
// What comes of requests, and of checks ([Check]), decides on the standing of a
// server, which is the group's business alone; each server has a goroutine that does
// what is due ([Server]). Who is left out is connected to before anybody is sent
// there, then gets one request that can go elsewhere, then a share that grows. If
// nobody is left, everybody is asked: who has one server only has no choice either,
// and an upstream that is switched off by a wrong health path is worse off.
//
// What could not be sent is sent to another server; what changes nothing also if the
// first did not begin to answer, once, within a bound for the whole group ([extra]), and
// if whoever pays agrees ([Payer]). Nothing else ever is.
//
// # Why not a library's client
//
// A proxy that shares answers must never take bytes that lie on an idle
// connection for the answer to its next request (RFC 9112 section 9.2): they
// are somebody else's. An origin that glues a stray second response to every
// first one, asked by 32 goroutines at once, made net/http's Transport hand out
// 477 strays in 71,778 requests: between returning a connection to its pool and
// noticing that the connection's buffer is not empty there is a window that
// nobody outside can close. (TestAStrayAnswerNeverReachesTheNextRequest has the
// same origin and must find none.) fasthttp's HostClient does worse without a
// guard, drops interim responses, merges trailers into heads and cannot relay
// an answer that comes before the upload has ended. CPU per passed request in
// the same run, nginx's proxy_pass being 1: HostClient 1.6, Transport 3.1.
//
// So the connection is ours, and small: one strict parser for heads and one for
// chunks, and a pool in which a connection is looked at before it is used again
// ([conn.clean]). Under TLS that takes more than a look at the socket: what was
// decrypted, or came in part, lies in buffers above it ([records]).
//
// # What an exchange costs
//
// A small passed request costs one allocation here, its answer's head, and the
// system calls that nobody can do without: on a plain connection one [socket.turn]
// looks whether it is clean, writes the request, and waits for and reads the
// beginning of the answer. The look is the read that finds nothing, which whoever
// waits for an answer makes anyway, only earlier. Whoever passes requests on has a
// [Leash] in place of a context, no deadline costs a timer ([deadlines]), and what
// an exchange is made of can be used again ([Response.Recycle]).
//
// # Where the server is
//
// A library dials a name by looking it up first, each time, and waits for the
// resolver. Here the addresses are kept ([names]), looked up again every half a
// minute beside the requests, and replaced only by others: a resolver that is
// slow, fails or forgets the name costs nothing while the last addresses are
// good. When none of them can be reached, the lookup is waited for, within the
// same request, so that an origin that has moved is found at once; one that has
// moved without closing what it left is followed when the name has been looked up
// again: connections to where it does not lead any more carry no other request. Addresses are tried one after the other, a quarter of a second
// apart or as soon as one fails (RFC 8305), and the one that answered is first the
// next time. A name never leads to a cloud's metadata service, nor, once it has
// been elsewhere, to the machine itself.
//
// # Rules
//
//   - One attempt. A request is sent again only if no byte of it was written,
//     or, for a passed GET, HEAD or OPTIONS without a body, if a connection that
//     had been used before closed without a byte of an answer (RFC 9110 section
//     9.2.2). A poll is never repeated by a client: its next tick is the retry.
//   - A small body of a request is waited for before a connection is taken, so
//     that no time passes between the look and the first byte.
//   - A body that ends early is an error, never an end (RFC 9112 section 8), and
//     so is the end of a TLS connection without a goodbye, where that is all
//     that ends a body (section 9.8).
//   - A request whose body is cut is cut, and so is its answer ([upload]).
//   - What was interrupted stays interrupted ([deadlines]).
//   - A connection goes back to the pool only after a response that was read to
//     its last byte, with nothing behind it, to a request that was written to
//     its last byte. An answer to HEAD, a 204 or a 304 that names a length has
//     no last byte: a body may yet follow.
package origin
