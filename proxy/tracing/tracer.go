package tracing

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/pollmux/pollmux/config"
)

// Tracer records spans. Its methods may be called concurrently; a nil Tracer records
// nothing.
type Tracer struct {
	sample   float64
	spans    trace.Tracer
	exporter *exporter
	queue    *queue
}

// Options are what a configuration does not say.
type Options struct {
	Log     *slog.Logger
	Version string
}

// Counts says what became of the spans so far.
type Counts struct {
	Exported int64
	Failed   int64 // the collector did not take them
	Dropped  int64 // there were more than it takes
}

// Add adds what became of others.
func (c Counts) Add(other Counts) Counts {
	return Counts{c.Exported + other.Exported, c.Failed + other.Failed, c.Dropped + other.Dropped}
}

const (
	maxPending   = 4096 // spans that wait for the collector
	maxBatch     = 512
	maxText      = 1 << 10         // bytes of what a client says, in each attribute
	batchPause   = 2 * time.Second // how long a span waits for others
	exportWithin = 10 * time.Second
)

// New returns a tracer as the configuration wants it, nil if that names no
// collector. It has to be closed.
func New(c config.Tracing, o Options) *Tracer {
	if c.OTLP.Endpoint == "" {
		return nil
	}
	// It fails only if the client does, when it is started.
	inner, _ := otlptrace.New(context.Background(), newReceiver(c.OTLP, o.Version))
	e := newExporter(inner, o.Log)
	q := &queue{exporter: e, SpanProcessor: sdk.NewBatchSpanProcessor(e, sdk.WithMaxQueueSize(maxPending),
		sdk.WithMaxExportBatchSize(maxBatch), sdk.WithBatchTimeout(batchPause), sdk.WithExportTimeout(exportWithin))}
	limits := sdk.NewSpanLimits()
	limits.AttributeValueLengthLimit = maxText
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(q), sdk.WithRawSpanLimits(limits), sdk.WithSampler(sdk.AlwaysSample()), sdk.WithResource(resourceOf(c, o)))
	return &Tracer{sample: c.Sample, spans: provider.Tracer("pollmux", trace.WithInstrumentationVersion(o.Version)), exporter: e, queue: q}
}

// resourceOf says what the spans are of. What the environment says besides
// (OTEL_RESOURCE_ATTRIBUTES) is believed.
func resourceOf(c config.Tracing, o Options) *resource.Resource {
	own, _ := resource.New(context.Background(), resource.WithFromEnv(), resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", c.ServiceName), attribute.String("service.version", o.Version)))
	return own // what could be found out, whatever could not
}

// Counts says what became of the spans so far.
func (t *Tracer) Counts() Counts {
	if t == nil {
		return Counts{}
	}
	return Counts{Exported: t.exporter.exported.Load(), Failed: t.exporter.failed.Load(), Dropped: t.queue.dropped.Load()}
}

// Close sends what was recorded, until ctx ends. What is recorded afterwards is
// lost.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	_ = t.queue.Shutdown(ctx) // the provider's does nothing at all if ctx is over
	t.exporter.stop()
	<-t.exporter.ended // by the batch processor, which has nothing to wait for any more
}
