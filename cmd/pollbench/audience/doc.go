// Package audience is thousands of held clients in one goroutine: an epoll loop
// that reads what has come, sees that each snapshot is whole and newer than the one
// before, and notes how late it was. It is what a fan-out is measured with, so it
// must cost less than any server: a read(2) per delivery, and little else.
//
//	Audience.Join   connects clients, a few at a time
//	Audience.Await  returns once all of them have a version
//	Audience.Begin  forgets what was counted
//	Audience.Lap    what was counted since: deliveries, latencies, the last of each version
//	Audience.Stop   some of them stop reading; Resume lets them go on
//	Audience.Churn  clients that come and go, politely and not
//
// The loop owns everything. Who wants something of it sends it a function and
// wakes it by an eventfd.
//
// Reading comes first: a client of a long poll asks again when nothing is left to
// read. Clients far away do so later still, and what the one who asks costs would
// else be in the latency of those behind him.
//
// The framing of HTTP and of WebSocket is read in full. Of what the media types
// wrap around a snapshot nothing is: it is found by its first key and has a length
// that is known. Tests of the encodings are elsewhere.
//
// It is Linux's. On other systems New fails.
package audience
