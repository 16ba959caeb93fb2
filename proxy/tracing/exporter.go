package tracing

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// exporter counts what becomes of batches, and tells the log of trouble once.
type exporter struct {
	sdk.SpanExporter
	log      *slog.Logger
	stopping context.Context
	stop     func()        // interrupts what is under way
	ended    chan struct{} // closed by Shutdown
	once     sync.Once

	pending, exported, failed atomic.Int64 // spans
	troubled                  bool         // belongs to the batch processor, which exports one batch at a time
}

func newExporter(inner sdk.SpanExporter, log *slog.Logger) *exporter {
	e := &exporter{SpanExporter: inner, log: log, ended: make(chan struct{})}
	e.stopping, e.stop = context.WithCancel(context.Background())
	return e
}

// ExportSpans implements sdk.SpanExporter. It returns no error: the SDK would tell
// the whole process's error handler of it, batch by batch.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.stopping, cancel)()
	err := e.SpanExporter.ExportSpans(ctx, spans)
	taken := int64(len(spans))
	e.pending.Add(-taken)
	var partial *rejectedError
	switch {
	case errors.As(err, &partial):
		rejected := min(partial.spans, taken)
		e.failed.Add(rejected)
		taken -= rejected
	case err != nil:
		e.failed.Add(taken)
		taken = 0
	}
	e.exported.Add(taken)
	e.tell(err)
	return nil
}

// tell tells of the first failure in a row, and of its end.
func (e *exporter) tell(err error) {
	switch {
	case err != nil && !e.troubled:
		e.log.Warn("the collector does not take spans; they are lost", "error", err)
	case err == nil && e.troubled:
		e.log.Info("the collector takes spans again")
	}
	e.troubled = err != nil
}

// Shutdown implements sdk.SpanExporter. The batch processor calls it last.
func (e *exporter) Shutdown(ctx context.Context) error {
	err := e.SpanExporter.Shutdown(ctx)
	e.once.Do(func() { close(e.ended) })
	return err
}
