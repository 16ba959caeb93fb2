package proxy

import (
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/tracing"
)

// pollTracer has the polls of a route traced, by whoever is the witness then. It
// implements feed.Tracer.
type pollTracer struct {
	proxy *Proxy
	route *route
}

// Poll implements feed.Tracer.
func (t *pollTracer) Poll(f *feed.Feed, cause any, began time.Time) feed.PollTrace {
	w := t.proxy.witness.Load()
	if w == nil || w.tracer == nil {
		return nil
	}
	of, _ := cause.(*tracing.Request)
	rt := t.route
	if now := t.proxy.rules.Load().named(rt.Name); now != nil {
		rt = now // whose servers may be others
	}
	method, target := f.Polls()
	poll := w.tracer.Poll(tracing.Polling{
		Route: rt.Name, Feed: f.String(), Method: method, Target: target, Server: rt.upstream.address(), Began: began, Cause: of,
	})
	if poll == nil {
		return nil
	}
	return pollTrace{poll}
}

// pollTrace is a poll that is traced.
type pollTrace struct{ poll *tracing.Poll }

// End implements feed.PollTrace.
func (t pollTrace) End(e feed.PollEnd) {
	o := tracing.Polled{Status: e.Status, Server: e.From.Name(), Bytes: e.Bytes, Changed: e.Changed, Subscribers: e.Subscribers}
	if e.Err != nil {
		o.Failure = problemOf(e.Err).Detail // without addresses
	}
	t.poll.End(o)
}

// Fanout implements feed.PollTrace.
func (t pollTrace) Fanout(began time.Time, subscribers int64) feed.FanoutTrace {
	return t.poll.Fanout(began, subscribers)
}

// address is what spans call the server: of several, nobody knows which one it will be
// when a span begins, so it is the upstream's name.
func (u *upstream) address() string {
	if len(u.Servers) == 1 {
		return u.Servers[0].Host
	}
	return u.name
}
