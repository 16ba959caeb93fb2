// Package bench is the benchmarks: what is put up, what load it gets, what is
// measured and how it is told.
//
//	Hit          a snapshot hit, against a bare handler, nginx and Varnish
//	Pass         a passed request and bulk both ways, against a bare handler, nginx and Varnish
//	Subscribers  thousands of held clients on one feed, against a bare loop
//	Savings      upstream requests, against the same load without pollmux
//	Idle         memory per idle subscriber, against a goroutine per connection
//	Soak         clients of all sorts and an origin that breaks: what they see, and what is left
//	URLs         a great many URLs: memory, the subscribers of others, the origin
//
// # Ratios
//
// A machine that others use as well, or that changes its clock, has no absolute
// figures. Servers are therefore measured in turn, a short round each, many times
// over; each round's ratio to the reference of the same round is what counts, and
// the median of these is what is told, with the lowest and the highest.
//
// CPU time is that of the server's processes alone. The load comes from this
// process, and competes with them for the same cores: throughput is told, because
// one asks for it, but depends on the load's own cost.
package bench
