// Package journal is what is written down for the operator: the log, which tells
// what the program does and what goes wrong, and the access log, which tells of
// requests.
//
//	anybody ──► slog.Logger ──► Log ─────────────────────────────┐ one line,
//	                                                             ├─► one write
//	the end of a request ──► Access ──► queue, bounded ──► run ──┘
//	                           └─ nothing, unless it is chosen
//
// What the two do can be changed while they are used, by a new configuration:
// level, format and output are loaded with each line.
//
// # Conventions of the log
//
// A message is a short sentence without the particulars, in lower case and without
// a full stop; it is the same each time, so that it can be searched for. What differs
// are attributes, by these names:
//
//	route, upstream   the names of the configuration
//	feed              a feed as it names itself: no URL, no key
//	id                of the request that the line is about, as the origin got it in
//	                  X-Request-Id and as the access log has it
//	error             why something failed; the last error is told, wrapped as it
//	                  came
//	reason            why, where it is no error: a few constant words
//	server            one of an upstream, as the configuration has it
//	panic, stack      what would have ended the process
//	address, tls      that the process listens on, and whether clients speak TLS there
//	process, program  another process of pollmux, by its ID, and what it runs
//	certificate,      a file with one, whom it is for, and until when
//	names, expires
//	after, timeout    durations
//	requests, feeds,  how many, or how often since it was told last
//	times
//
// A client's address, its fields and its query are not told, nor the path of a
// request: they are the access log's, where the operator has chosen to have them.
// Nothing ever tells the value of a credential. Limits that were reached are counted,
// not logged.
//
// Levels: Error is a fault of pollmux, which somebody should report; Warn is what
// the operator should look at, an origin that fails among them; Info is what happens
// seldom: beginnings, ends, reloads, recoveries; Debug is what a client is to blame
// for, so that nobody can fill the log.
//
// An error is logged once, where it stops travelling. What may happen with every
// request or every feed is told at most once in a while, with how often it happened
// (see alarm.go in package proxy).
package journal
