// Package bench is the benchmarks: what is put up, what load it gets, what is
// measured and how it is told.
//
//	Poll       a poll answered from a snapshot, against a bare handler, nginx, Varnish and HAProxy
//	Pass       a passed request and bulk both ways, against a bare relay and the same
//	Fan        telling thousands of subscribers, by transport, against a bare loop and nchan
//	Herd       long polls answered and held again at a pace, against nchan and SSE
//	Mixed      subscribers of all transports on one feed through many changes: a verdict
//	Idle       memory per idle subscriber and CPU time of an idle feed, against nchan and others
//	Churn      clients that come and go, politely and not: what is left of them
//	Savings    upstream requests, against the same load without pollmux
//	Soak       clients of all sorts and an origin that breaks: what they see, and what is left
//	URLs       a great many URLs: memory, the subscribers of others, the origin
//	Freshness  how stale subscribers are while a trace is replayed under a budget, against a simulation
//
// # Ratios
//
// A machine that others use as well, or that changes its clock, has no absolute
// figures. Servers are therefore measured in turn, a short round each, many times
// over; each round's ratio to the reference of the same round is what counts, and
// the median of these is what is told, with the lowest and the highest.
//
// CPU time is that of the server's processes alone, by the kernel's clock of each. The
// load comes from this process, or from one of package audience for each server, on
// cores of their own (stage.Apart) where there are two: else it would change what the
// server does, which wakes more often for less if its clients are slow. Throughput is
// told, because one asks for it, but depends on the load's own cost as well.
//
// # Held clients
//
// A [side] is a server with its audience. Everybody's audience is there all the time;
// one server is told to publish, until the last client has heard, while the others
// have nothing to do. A lap's CPU time is taken when the server rests, before and
// after, so what comes late (the next request of each long poll) is in it.
//
// # Bars
//
// What issues and documents promise as a ratio is a claim of the verdict, and fails the
// benchmark: see the constants that begin with bar. --bars=false and --quick leave them
// out, for machines that are not quiet, and for those who only want to know whether
// everything is right.
package bench
