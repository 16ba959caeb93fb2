// Package child is what runs in the child processes of a benchmark: the servers
// under test, the origin behind them, and the references they are compared with.
//
//	proxy    pollmux, from a configuration file
//	bare     a fasthttp handler with a prepared response: what a hit costs at least
//	relay    a fasthttp handler that calls fasthttp's client: what passing on costs at least
//	stream   a fasthttp handler with a stream that says nothing: what a held client costs it
//	origin   a server that counts: a fixed body, bulk, and resources that move or are told to change
//	legacy   the scoreboards of testdata/legacy, which count as well
//	faulty   the origin of testdata/legacy that breaks in every way, which counts as well
//	replay   an origin whose resources change when those of a trace did, and which notes each request
//	audience thousands of held clients (package audience), as a process so that they have
//	         cores, descriptors and CPU time of their own
//	loop     a loop that writes to every connection: what a delivery costs at least
//
// A child prints its [Hello] as a line of JSON, and then obeys: each line of its
// standard input is a verb and perhaps an argument, each answer is a line of
// JSON. It ends when its standard input does, so no child outlives its parent.
package child
