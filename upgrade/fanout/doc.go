// Package fanout holds the connections of subscribers and writes frames to
// them.
//
// An [Engine] is given a connection and a [Session] that says what its client
// has to be sent, and serves it until the client leaves, the session is over or
// the engine drains. It never asks a session for more than one frame ahead of
// what was written, so a slow client skips what is superseded meanwhile and
// holds no queue.
//
// This engine uses two goroutines per connection: one that writes, and one that
// listens, so that a client that leaves is noticed at once. Measured, that is
// about 10 KiB per idle client. An engine with a shard per core, which owns the
// descriptors and has no goroutine per client, can take its place behind the
// same [Engine.Hold]: a session is asked, and never asks.
//
// The package is a leaf.
package fanout
