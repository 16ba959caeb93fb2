package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/pollmux/pollmux/config"
)

// receiver is where batches are posted to: a collector (OTLP/HTTP,
// https://opentelemetry.io/docs/specs/otlp). It
// implements otlptrace.Client.
type receiver struct {
	url     string
	headers map[string]string
	agent   string
	client  *http.Client
}

// tracesPath is where a collector takes spans, below its base URL.
const tracesPath = "/v1/traces"

func newReceiver(c config.OTLP, version string) *receiver {
	url := strings.TrimRight(c.Endpoint, "/")
	if !strings.HasSuffix(url, tracesPath) {
		url += tracesPath
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          1,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   exportWithin,
		ResponseHeaderTimeout: exportWithin,
	}
	return &receiver{
		url: url, headers: c.Headers, agent: "pollmux/" + version,
		client: &http.Client{Transport: transport, Timeout: exportWithin, CheckRedirect: noRedirect},
	}
}

// noRedirect keeps spans, and what the headers hold, from going elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Start implements otlptrace.Client.
func (c *receiver) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *receiver) Stop(context.Context) error {
	c.client.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It blocks until the collector answers,
// ctx ends, or for exportWithin.
func (c *receiver) UploadTraces(ctx context.Context, spans []*wire.ResourceSpans) error {
	// The same on the wire as an ExportTraceServiceRequest, whose package
	// would bring gRPC.
	batch, err := proto.Marshal(&wire.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(compressed(batch)))
	if err != nil {
		return err
	}
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("the collector answers %d", resp.StatusCode)
	case err != nil:
		return err
	}
	return rejectionIn(body)
}

// maxAnswer is how much of a collector's answer is read.
const maxAnswer = 64 << 10

func compressed(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// rejectedError is a batch that was taken in part.
type rejectedError struct{ spans int64 }

func (e *rejectedError) Error() string {
	return fmt.Sprintf("the collector rejects %d spans of a batch", e.spans)
}

// rejectionIn reads an ExportTraceServiceResponse, as far as it is about rejected
// spans: field 1 of its field 1.
func rejectionIn(answer []byte) error {
	if partial, ok := field(answer, protowire.BytesType); ok {
		body, _ := protowire.ConsumeBytes(partial)
		if number, ok := field(body, protowire.VarintType); ok {
			if n, _ := protowire.ConsumeVarint(number); n > 0 {
				return &rejectedError{int64(min(n, maxPending))}
			}
		}
	}
	return nil
}

// field finds the first field 1 of a message. What is no message has none.
func field(message []byte, want protowire.Type) (value []byte, ok bool) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return nil, false
		}
		if number == 1 && kind == want {
			return message[:size], true
		}
		message = message[size:]
	}
	return nil, false
}
