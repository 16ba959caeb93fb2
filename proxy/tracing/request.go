package tracing

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Incoming is what a request says of the trace that it is part of.
type Incoming struct {
	Parents int // lines of traceparent; none that can be read unless there is one
	Parent  string
	State   string // the lines of tracestate, as one list
}

// Get implements propagation.TextMapCarrier.
func (i Incoming) Get(name string) string {
	if name == "traceparent" {
		return i.Parent
	}
	return i.State
}

// Set and Keys implement propagation.TextMapCarrier. Nothing is set.
func (i Incoming) Set(string, string) {}

// Keys is of no use either.
func (i Incoming) Keys() []string { return nil }

// Request is the span of a client's request. It belongs to whoever serves that. A
// nil Request is one that is not recorded, and passed on as it came.
type Request struct {
	tracer *Tracer
	span   trace.Span // nil if it is not recorded, and yet passed on as one of a new trace
	passed trace.Span // nil unless the request is being passed on
	told   trace.SpanContext
}

// Request decides whether a request is recorded that came at that time. The answer
// to a traceparent that cannot be read is a new trace (W3C Trace Context section
// 3.2.2).
func (t *Tracer) Request(in Incoming, began time.Time) *Request {
	if t == nil {
		return nil
	}
	ctx := context.Background()
	if in.Parents == 1 {
		ctx = propagation.TraceContext{}.Extract(ctx, in)
	}
	parent := trace.SpanContextFromContext(ctx)
	switch {
	case parent.IsValid() && !parent.IsSampled():
		return nil
	case !parent.IsValid() && !t.draws():
		if in.Parents == 0 {
			return nil
		}
		return &Request{tracer: t, told: unrecorded()}
	}
	_, span := t.spans.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began))
	return &Request{tracer: t, span: span, told: span.SpanContext()}
}

// draws decides by chance.
func (t *Tracer) draws() bool { return t.sample > 0 && rand.Float64() < t.sample }

// unrecorded is a new trace that nobody records.
func unrecorded() trace.SpanContext {
	var c trace.SpanContextConfig
	for i := range c.TraceID {
		c.TraceID[i] = byte(rand.Uint32())
	}
	for i := range c.SpanID {
		c.SpanID[i] = byte(rand.Uint32())
	}
	c.TraceID[0] |= 1 // an ID of zeros is none
	c.SpanID[0] |= 1
	return trace.NewSpanContext(c)
}

// IsRecorded reports whether it is.
func (r *Request) IsRecorded() bool { return r != nil && r.span != nil }

// TraceID is that of a request that is recorded; otherwise "".
func (r *Request) TraceID() string {
	if !r.IsRecorded() {
		return ""
	}
	return r.told.TraceID().String()
}

// Pass begins the span of the request to the origin, which is the one that the
// origin is told of.
func (r *Request) Pass(method, server string) {
	if !r.IsRecorded() || r.passed != nil {
		return
	}
	method, attributes := ofMethod(method)
	attributes = append(attributes, ofServer(server)...)
	ctx := trace.ContextWithSpan(context.Background(), r.span)
	_, r.passed = r.tracer.spans.Start(ctx, method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	r.told = r.passed.SpanContext()
}

// AppendFields appends the field lines that take the place of the client's own
// traceparent and tracestate.
func (r *Request) AppendFields(b []byte) []byte {
	b = append(b, "traceparent: 00-"...)
	b = append(append(b, r.told.TraceID().String()...), '-')
	b = append(append(b, r.told.SpanID().String()...), '-')
	b = append(append(b, (r.told.TraceFlags()&(trace.FlagsSampled|trace.FlagsRandom)).String()...), "\r\n"...)
	if state := r.told.TraceState().String(); state != "" {
		b = append(append(append(b, "tracestate: "...), state...), "\r\n"...)
	}
	return b
}

// Passed ends what Pass began, with the status of the origin's answer; 0 if there
// is none. server is the URL of the one that answered; "" if there is only one.
func (r *Request) Passed(status int, server string) {
	if r == nil || r.passed == nil {
		return
	}
	if status == 0 {
		r.passed.SetStatus(codes.Error, "no answer")
		r.passed.SetAttributes(attribute.String("error.type", "no_answer"))
	} else {
		r.passed.SetAttributes(append(answeredBy(server), attribute.Int("http.response.status_code", status))...)
		markFailed(r.passed, status, 400)
	}
	r.passed.End()
	r.passed = nil
}

// Outcome is what became of a request.
type Outcome struct {
	Method, Path, Host string
	Route, Pattern     string // its name, and the pattern that it matches
	Transport, Answer  string
	Reason             string
	ID                 string
	Status             int
	Delivered          int64 // updates, to a client that was held
	Held               bool
	End                string // why it is held no longer
	At                 time.Time
}

// End ends the span.
func (r *Request) End(o Outcome) {
	if !r.IsRecorded() {
		return
	}
	r.Passed(0, "")
	method, all := ofMethod(o.Method)
	name := method
	for _, a := range []attribute.KeyValue{
		attribute.String("url.path", o.Path), attribute.String("server.address", o.Host), attribute.String("http.route", o.Pattern),
		attribute.String("pollmux.route", o.Route), attribute.String("pollmux.transport", o.Transport), attribute.String("pollmux.answer", o.Answer),
		attribute.String("pollmux.reason", o.Reason), attribute.String("pollmux.request_id", o.ID), attribute.String("pollmux.end", o.End),
	} {
		if a.Value.AsString() != "" {
			all = append(all, a)
		}
	}
	if o.Pattern != "" {
		name += " " + o.Pattern
	}
	if o.Held {
		all = append(all, attribute.Int64("pollmux.delivered", o.Delivered))
	}
	r.span.SetName(name)
	r.span.SetAttributes(append(all, attribute.Int("http.response.status_code", o.Status))...)
	markFailed(r.span, o.Status, 500)
	r.span.End(trace.WithTimestamp(o.At))
}

// markFailed says so of a status from which on the span's side calls it a failure.
func markFailed(span trace.Span, status, from int) {
	if status >= from {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
	}
}

// knownMethods are those that the conventions want told as they are.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// ofMethod returns what a span is named by, and its attributes.
func ofMethod(method string) (name string, all []attribute.KeyValue) {
	if !slices.Contains(knownMethods, method) {
		return "HTTP", []attribute.KeyValue{attribute.String("http.request.method", "_OTHER")}
	}
	return method, []attribute.KeyValue{attribute.String("http.request.method", method)}
}
