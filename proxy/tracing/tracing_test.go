package tracing

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/collector"
)

// tracer sends everything to an endpoint.
func tracer(t *testing.T, endpoint string) (*Tracer, *await.Log) {
	t.Helper()
	await.Goroutines(t)
	var log await.Log
	tr := New(config.Tracing{OTLP: config.OTLP{Endpoint: endpoint}, Sample: 1, ServiceName: "edge"}, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		tr.Close(ctx)
	})
	return tr, &log
}

// record records so many requests.
func record(t *Tracer, n int) {
	for range n {
		t.Request(Incoming{}, time.Now()).End(Outcome{Method: "GET", Status: 200, At: time.Now()})
	}
}

func TestNobodyTracesWithoutACollector(t *testing.T) {
	none := New(config.Tracing{Sample: 1}, Options{})
	r := none.Request(Incoming{Parents: 1, Parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, time.Now())
	if none != nil || r != nil || r.IsRecorded() || r.TraceID() != "" || none.Poll(Polling{}) != nil || none.Counts() != (Counts{}) {
		t.Error("somebody does")
	}
	r.Pass("GET", "a")
	r.Passed(200, "")
	r.End(Outcome{})
	none.Close(context.Background())
}

func TestABaseURLAndAWholeOneNameTheSameCollector(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://a:4318":            "http://a:4318/v1/traces",
		"http://a:4318/":           "http://a:4318/v1/traces",
		"https://a/otlp":           "https://a/otlp/v1/traces",
		"https://a/otlp/v1/traces": "https://a/otlp/v1/traces",
	} {
		if got := newReceiver(config.OTLP{Endpoint: endpoint}, "").url; got != want {
			t.Errorf("%s: %s", endpoint, got)
		}
	}
}

func TestWhatIsBeyondTheQueueIsDroppedAndCounted(t *testing.T) {
	c := collector.New(t)
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	c.Answer(func(http.ResponseWriter, *http.Request) {
		select {
		case arrived <- struct{}{}:
		default:
		}
		<-release
	})
	tr, _ := tracer(t, c.URL)
	record(tr, maxBatch) // a whole batch, which is sent at once
	<-arrived
	const more = 100
	record(tr, maxPending-maxBatch+more)
	if n := tr.Counts().Dropped; n != more {
		t.Errorf("%d are dropped", n)
	}
	close(release)
	tr.Close(context.Background())
	if n := tr.Counts(); n.Exported != maxPending || n.Failed != 0 {
		t.Errorf("%+v", n)
	}
}

func TestTheLogIsToldOnceOfTroubleAndOnceOfItsEnd(t *testing.T) {
	c := collector.New(t)
	tr, log := tracer(t, c.URL)
	fail := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }
	for _, answer := range []http.HandlerFunc{fail, fail, nil, nil, fail} {
		c.Answer(answer)
		record(tr, 1)
		if err := tr.queue.ForceFlush(context.Background()); err != nil {
			t.Error(err)
		}
	}
	text := log.String()
	if strings.Count(text, "does not take spans") != 2 || strings.Count(text, "takes spans again") != 1 || !strings.Contains(text, "the collector answers 400") {
		t.Error(text)
	}
	if n := tr.Counts(); n.Exported != 2 || n.Failed != 3 {
		t.Errorf("%+v", n)
	}
}

// rejection is an ExportTraceServiceResponse with a partial success.
func rejection(spans uint64, message string) []byte {
	partial := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), spans)
	partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), message)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
}

func TestABatchThatIsTakenInPartIsCountedInPart(t *testing.T) {
	c := collector.New(t)
	c.Answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(rejection(2, "two are odd")) })
	tr, log := tracer(t, c.URL)
	record(tr, 5)
	tr.Close(context.Background())
	if n := tr.Counts(); n.Exported != 3 || n.Failed != 2 || !strings.Contains(log.String(), "rejects 2 spans") {
		t.Errorf("%+v\n%s", n, log)
	}
}

func FuzzRejectionIn(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(rejection(1, "x"))
	f.Add(rejection(1<<63, ""))
	f.Add(protowire.AppendTag(nil, 7, protowire.Fixed64Type))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if err := rejectionIn(answer); err != nil && err.(*rejectedError).spans <= 0 {
			t.Errorf("%q: %v", answer, err)
		}
	})
}

func TestAnUnusualMethodIsNotTheNameOfASpan(t *testing.T) {
	c := collector.New(t)
	tr, _ := tracer(t, c.URL)
	tr.Request(Incoming{}, time.Now()).End(Outcome{Method: "M-SEARCH", Pattern: "/**", Status: 200, At: time.Now()})
	tr.Close(context.Background())
	spans := c.Spans()
	if len(spans) != 1 || spans[0].Name != "HTTP /**" || spans[0].Attributes["http.request.method"] != "_OTHER" {
		t.Errorf("%v", spans)
	}
}
