// Package tracing records what became of requests, polls and deliveries as spans,
// and sends them to an OpenTelemetry collector (OTLP over HTTP).
//
//	client's request   SERVER ──► CLIENT (it is passed on; the origin is told of this one)
//	                     ▲
//	                     └ link ┐
//	a poll for everybody     CLIENT ──► PRODUCER (the new version, to all subscribers)
//
// A poll belongs to nobody, so its span is the root of a trace of its own, with a
// link to the client's that caused it. The origin is not told of it: what a poll puts
// on the wire is a pure function of its feed's key, and a trace is no part of that.
//
// Whether a trace is recorded is decided before anything of it is made: by the
// client's traceparent (W3C Trace Context) if that can be read, else by chance. So
// what is not recorded costs a random number. A client's trace that is not to be
// recorded is passed on as it is.
//
// # What this takes from OpenTelemetry, and what not
//
// Spans, their batches and their translation to OTLP are the SDK's. The few lines
// that post a batch are ours: otlptracehttp brings gRPC along, which would make the
// program larger by 7 MiB and 70 packages. It tries again for a minute, too; here a
// batch that is not taken is lost and counted, and the log says so once, until one is
// taken again.
//
// Nobody waits for a collector: what it does not take fast enough is dropped, and
// counted as well.
package tracing
