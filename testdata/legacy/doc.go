// Package legacy holds the origins that pollmux is demonstrated and tested
// against: small real HTTP servers that know nothing of it, one per way in
// which people poll.
//
//	Scoreboard   everybody the same JSON, a change every 5 to 10 s    GET  any path
//	Friends      per user, private, a change about every minute       GET  any path
//	DirectChat   per user, ?with=NAME&since=ID                        GET, POST /messages
//	GroupChat    thousands in one room, bursts, ?since=ID             GET, POST /messages
//	Camera       a JPEG that changes every second                     GET  any path
//	Site         all five of them under one server
//	Faulty       an origin that misbehaves, byte by byte, when told to
//
// Each of the five is an http.Handler around its own state:
//
//	request ──► Counter ──► latency ──► origin ──► state at Clock() ──► representation ──► 200, 304
//	               └──► Counts, Writes
//
// # Nothing runs on its own
//
// No origin starts a goroutine. What changes by itself does so at the instants
// of a Pace, which are a function of the seed and of the time at which the
// origin was made; whoever asks next first plays every instant that has passed
// since. With an injected Clock, or in a testing/synctest bubble, the same
// seed therefore gives the same history, and nothing needs stopping.
//
// # What an origin admits
//
// Counts says how many requests arrived, so that "polled once" is a number and
// not a belief. Writes lists every unsafe request in the order of arrival, so
// that a write that was lost or repeated on the way shows. The answers carry
// the instant of their last change, so that a client can tell how late it
// heard of it, and those of a user carry the user's name, so that an answer in
// the wrong hands is visible.
//
// # Faulty
//
// Faulty speaks HTTP/1.1 on the raw connection, because a server that is kept
// honest by net/http cannot misbehave. It has an Answer, which is what it would
// say, and a Fault, which is what becomes of that on the wire; both are set per
// path or for all paths, at any time. Without a Fault it is a recorder: it
// keeps the raw bytes of every request with its time and its connection.
//
//	connection ──► readHead ──► Recording ──► Fault(Exchange) ──► bytes, FIN or RST
//	                                             └── Answer
package legacy
