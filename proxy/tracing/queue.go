package tracing

import (
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// queue bounds and counts what waits for the collector. The batch processor behind
// it has room for as many, so that it drops nothing.
type queue struct {
	sdk.SpanProcessor
	exporter *exporter
	dropped  atomic.Int64
}

// OnEnd implements sdk.SpanProcessor. It does not block.
func (q *queue) OnEnd(s sdk.ReadOnlySpan) {
	if q.exporter.pending.Add(1) > maxPending {
		q.exporter.pending.Add(-1)
		q.dropped.Add(1)
		return
	}
	q.SpanProcessor.OnEnd(s)
}
