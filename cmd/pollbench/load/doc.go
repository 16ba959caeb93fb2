// Package load is the clients' side of a benchmark: many of them, cheap, on raw
// keep-alive connections, with requests that were built beforehand and answers
// that are read no further than is needed to see that they are right.
//
//	Pollers.Once       each asks once, all at the same time
//	Pollers.Run        a closed loop: each asks again as soon as it has its answer
//	Pollers.Pace       each asks at a pace, as legacy clients do
//	Crowd.Subscribe    held clients: long polls, streams, WebSockets
//	Crowd.Receive      held clients of the bare loop, who count bytes
//	Wanderers.Run      each asks for something else each time
//	Traffic.Start      clients of all sorts that come and go, with manners and without
//
// Thousands that are held are package audience's.
//
// Each client is a goroutine and a connection. What they saw is collected in
// counters and in a [Histogram], which all of them share.
//
// The package is a leaf.
package load
