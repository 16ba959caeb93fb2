package tracing

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Polling is a poll that begins.
type Polling struct {
	Route, Feed    string
	Method, Target string
	Server         string // host, with its port if it names one
	Began          time.Time
	Cause          *Request // of the client that caused it; nil for none
}

// Poll is the span of a poll that is recorded.
type Poll struct {
	tracer *Tracer
	route  string
	feed   string
	span   trace.Span
}

// Poll decides whether a poll is recorded: one that a client caused who is, and
// others by chance. It returns nil if it is not.
func (t *Tracer) Poll(p Polling) *Poll {
	if t == nil || !p.Cause.IsRecorded() && !t.draws() {
		return nil
	}
	method, all := ofMethod(p.Method)
	path, _, _ := strings.Cut(p.Target, "?")
	all = append(append(all, ofServer(p.Server)...), attribute.String("url.path", path), attribute.String("pollmux.route", p.Route), attribute.String("pollmux.feed", p.Feed))
	options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(p.Began), trace.WithAttributes(all...)}
	if p.Cause.IsRecorded() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: p.Cause.span.SpanContext()}))
	}
	_, span := t.spans.Start(context.Background(), "poll "+method, options...)
	return &Poll{tracer: t, route: p.Route, feed: p.Feed, span: span}
}

// Polled is what became of a poll.
type Polled struct {
	Status      int    // 0 if there is no answer
	Server      string // URL of the one that answered; "" if there is only one
	Bytes       int
	Changed     bool
	Subscribers int64
	Failure     string // "" if it did not fail
}

// End ends the span.
func (p *Poll) End(o Polled) {
	all := []attribute.KeyValue{attribute.Bool("pollmux.changed", o.Changed), attribute.Int64("pollmux.subscribers", o.Subscribers)}
	if o.Status != 0 {
		all = append(append(all, answeredBy(o.Server)...), attribute.Int("http.response.status_code", o.Status), attribute.Int("http.response.body.size", o.Bytes))
	}
	markFailed(p.span, o.Status, 400)
	if o.Failure != "" {
		p.span.SetStatus(codes.Error, o.Failure)
		if o.Status == 0 {
			all = append(all, attribute.String("error.type", "no_answer"))
		}
	}
	p.span.SetAttributes(all...)
	p.span.End()
}

// Fanout is the span of a version's way to those who wait for it.
type Fanout struct{ span trace.Span }

// Fanout begins it, in the trace of the poll that brought the version.
func (p *Poll) Fanout(began time.Time, subscribers int64) *Fanout {
	ctx := trace.ContextWithSpan(context.Background(), p.span)
	_, span := p.tracer.spans.Start(ctx, "deliver", trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(began), trace.WithAttributes(
		attribute.String("pollmux.route", p.route), attribute.String("pollmux.feed", p.feed), attribute.Int64("pollmux.subscribers", subscribers)))
	return &Fanout{span}
}

// End ends it when the last of those had it who got it.
func (f *Fanout) End(last time.Time, delivered int64) {
	f.span.SetAttributes(attribute.Int64("pollmux.delivered", delivered))
	f.span.End(trace.WithTimestamp(last))
}

// answeredBy names the one of several servers that answered, by its URL.
func answeredBy(server string) []attribute.KeyValue {
	if server == "" {
		return nil
	}
	_, host, _ := strings.Cut(server, "://")
	return ofServer(host)
}

// ofServer names a server.
func ofServer(server string) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return []attribute.KeyValue{attribute.String("server.address", server)}
	}
	all := []attribute.KeyValue{attribute.String("server.address", host)}
	if n, err := strconv.Atoi(port); err == nil {
		all = append(all, attribute.Int("server.port", n))
	}
	return all
}
