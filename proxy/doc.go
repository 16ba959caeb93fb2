// Package proxy is the front door.
//
//	listener ─► conn ─► quick: a whole poll that a snapshot answers ─► client
//	             ▼
//	       head.Follower ─► fasthttp ─► Proxy.handle ─► head.Parse ─► route
//	                                     │
//	          a read of a coalesced route │ everything else ── mode: observe looks on
//	                ▼                    ▼
//	     share.Policy.Make (key)     passthrough ──► origin (passes) ──► relay
//	                ▼                    ▲     └──► a write refreshes feeds
//	     authorize: let in?              │
//	                ▼                    │
//	     feed: hit, or ask ── alone ─────┘
//	                ▼
//	     upgrade: answer at once, or hold ─► fanout.Engine
//
// # What a request may not do here
//
// It may not reach another user's answer: package share decides, and a request
// about which there is doubt passes through alone. Where all share one feed and
// each has to be let in, package authorize remembers who was. It may not be read
// differently by the origin than by us: package head refuses it, from its bytes
// on. It may not be sent twice: package origin sends once. It may not end the
// process: every goroutine that serves a client recovers, and closes that client.
//
// # Connections
//
// fasthttp owns a connection while it parses and answers. A client that is to be
// held is taken from it: nothing of the response has been written then, the
// bytes that were read ahead come along, and the goroutine and buffers of
// fasthttp go back to their pools. After a long poll was answered the connection
// is given back, and fasthttp goes on as if nothing had been.
//
// A poll that a snapshot answers, and about which there is no doubt whatever, does
// not get as far as fasthttp: it is answered where it is read (see quick.go), by
// what decides in handle.
//
// # Limits
//
// The gate counts connections, in all and per client, and closes idle ones before
// it refuses anybody. Behind a trusted proxy, whose connections carry everybody's
// requests, a client is charged for what it has under way. The crowd counts those
// who are held, and what is polled for one client. package feed bounds what is
// kept. Who is beyond a limit is told so in a way that it understands: a status
// with Retry-After, an EventSource a long retry, a long poll the answer to a plain
// one. Each limit is counted by its name where it is enforced.
//
// # Who hears of a request
//
// The witness (witness.go): the access log, and spans. It is asked when a request is
// over, so what nobody wants to hear of costs a look for a pointer, and a random number
// where there is a sample. What is told is copied into a note, which may outlive the
// request: that of a held client, or of an answer that is still being relayed. A poll's
// span is begun by its feed (polltrace.go), as a poll belongs to no request.
package proxy
