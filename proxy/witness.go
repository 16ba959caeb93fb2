package proxy

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/journal"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/tracing"
)

// witness is who hears of requests when they are over: the access log, and spans. It
// is what one configuration says, and immutable; without either there is none, and a
// request costs a look for it.
//
//	request ──► trace ──► … ──► tell                the handler answers it
//	                       └──► later ──► note.end  the answer ends after the handler,
//	                                                or the client is held
type witness struct {
	access  *journal.Policy // nil if no request is logged
	tracer  *tracing.Tracer // nil if nothing is traced
	tracing config.Tracing
}

// newWitness returns what a configuration says, nil if nobody wants to hear. What
// the old witness traces with goes on if nothing about it has changed.
func (p *Proxy) newWitness(c *config.Config, old *witness) (*witness, error) {
	w := &witness{tracing: c.Tracing}
	if p.accessLog != nil {
		var err error
		if w.access, err = p.accessLog.Open(c.Log); err != nil {
			return nil, err
		}
	}
	if old != nil && old.tracer != nil && reflect.DeepEqual(old.tracing, c.Tracing) {
		w.tracer = old.tracer
	} else {
		w.tracer = tracing.New(c.Tracing, tracing.Options{Log: p.log, Version: p.version})
	}
	if w.access == nil && w.tracer == nil {
		return nil, nil
	}
	return w, nil
}

// retireTimeout bounds how long what was traced is sent on by an old configuration;
// and logTimeout how long an access log may be stuck that nobody reads.
const (
	retireTimeout = 10 * time.Second
	logTimeout    = time.Second
)

// hear has another witness take the place of the one there is, and ends that. It
// blocks until what that has heard is on its way, for retireTimeout at most.
func (p *Proxy) hear(w *witness) {
	ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
	defer cancel()
	p.retire(ctx, p.witness.Swap(w), w)
}

// retire ends a witness but for what the next one goes on with.
func (p *Proxy) retire(ctx context.Context, old, next *witness) {
	if old == nil {
		return
	}
	soon, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	old.access.Retire(soon)
	if next != nil && next.tracer == old.tracer {
		return
	}
	old.tracer.Close(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traced = p.traced.Add(old.tracer.Counts())
}

// heard says what became of what the witnesses have heard.
func (p *Proxy) heard() ledger.Heard {
	p.mu.Lock()
	spans := p.traced
	p.mu.Unlock()
	if w := p.witness.Load(); w != nil {
		spans = spans.Add(w.tracer.Counts())
	}
	var lines journal.Lines
	if p.accessLog != nil {
		lines = p.accessLog.Lines()
	}
	return ledger.Heard{
		LinesWritten: lines.Written, LinesDropped: lines.Dropped, LinesSuppressed: lines.Suppressed,
		SpansExported: spans.Exported, SpansFailed: spans.Failed, SpansDropped: spans.Dropped,
	}
}

// trace decides whether the request is traced. Its head has been parsed.
func (p *Proxy) trace(r *request) {
	if w := p.witness.Load(); w != nil && w.tracer != nil {
		var in tracing.Incoming
		if r.again == nil {
			in = incoming(&r.head)
		}
		r.span = w.tracer.Request(in, r.began)
	}
}

// isPartOfATrace reports whether the request says something of a trace that has to be
// looked at.
func (p *Proxy) isPartOfATrace(r *request) bool {
	w := p.witness.Load()
	return w != nil && w.tracer != nil && slices.ContainsFunc(r.head.Fields, func(f head.Field) bool { return traceField(&f) == fieldParent })
}

// incoming is what a request says of the trace that it is part of.
func incoming(h *head.Head) (in tracing.Incoming) {
	for i := range h.Fields {
		switch f := &h.Fields[i]; traceField(f) {
		case fieldParent:
			in.Parents++
			in.Parent = string(f.Value)
		case fieldState:
			if in.State != "" {
				in.State += ","
			}
			in.State += string(f.Value)
		}
	}
	return in
}

// The fields of W3C Trace Context.
const (
	fieldParent = "traceparent"
	fieldState  = "tracestate"
)

// traceField returns which of them a field is, or "".
func traceField(f *head.Field) string {
	if f.Is == head.Harmless {
		for _, name := range [...]string{fieldParent, fieldState} {
			if isSpelled(f.Name, name) {
				return name
			}
		}
	}
	return ""
}
