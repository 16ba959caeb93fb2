// Package fanout holds the connections of subscribers and writes frames to
// them.
//
// An [Engine] is given a connection and a [Session] that says what its client
// has to be sent, and serves it until the client leaves, the session is over or
// the engine drains. It never asks a session for more than one frame ahead of
// what was written, so a slow client skips what is superseded meanwhile and
// holds no queue: it costs the frame that it is taking.
//
//	            calls                   events
//	Hold, Wake ───────► ┌──────────────┐ ◄────── poller ◄── epoll
//	                    │    shard     │
//	audience ─────────► │ wheel, slots │ ───────► sockets
//	        publish     └──────────────┘  write, until one would block
//
// There is a shard for each core. It owns the slots of its clients, and does
// everything that is done to them in one goroutine, so a client that waits costs
// none. Those of its slots that wait for the same channel are an audience: who
// publishes wakes the shard once. Deadlines lie on a timing wheel; what sockets
// have to say comes from an epoll set that lies in Go's own poller.
//
// Slots are objects of the heap rather than lines of a table without pointers:
// the session, the connection and its accounts are objects anyway, and a collector
// that visits 10,000 of them a few times a minute is not to be found in a profile.
//
// A connection that is no socket (TLS), or is on a system without epoll, is served
// by a loop of its own and an ear that listens: two goroutines, about 10 KiB. The
// build tag "goroutines" has all connections served so, for tests.
//
// The package is a leaf.
package fanout
