// Package trace is when the resources of an origin changed, and how many
// subscribers each had: recorded, or made up from a seed.
//
//	file, standard input ──► Read ──┐
//	                                ├──► Trace ──► package replay
//	kind, seed ──────────► Generate ┘      └─────► Write
//
// As a file, a trace is one JSON object, plain or in gzip:
//
//	{"name": "buses", "horizon": 86400, "res": [{"w": 12, "t": [3.5, 63.5], "instants": false}]}
//
// horizon is for how many seconds the resources were watched; w is the weight of a
// resource, its subscribers, which need not be a whole number; t is when it changed,
// in seconds from the beginning, ascending. instants tells that its answers say
// when it last changed.
//
// # Made up
//
// A kind of trace is a story about origins: what is polled changes at random, by the
// clock, in bursts, never, or each of these for a while (see [Kinds]). The same
// kind, seed, number and horizon give the same trace, down to the byte. Instants
// are whole microseconds, so that a trace is the same when it was written and read.
//
// For those who replay one in real time there is a beginning of it, and weights that
// people can have: [Trace.Until], [Trace.WithSubscribers].
//
// The package is a leaf: no clock, no randomness but from the seed.
package trace
