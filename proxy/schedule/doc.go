// Package schedule says when a feed may and should be polled. It is pure
// functions of what is known and what time it is: no I/O, no goroutine, no clock
// of its own. Feed.run asks, and does it.
//
// A fixed interval is the pace of a feed, counted from the beginning of one
// poll to the beginning of the next. What the origin asks for can only slow it
// down ([Floor]), and that of all feeds of its host ([HostFloor]); failures slow it
// down further ([Backoff]).
//
// The budgeted, adaptive scheduler (price polling, a heap over all feeds of an
// upstream) belongs here: it will replace what sets the pace, and obey the same
// floors.
package schedule
