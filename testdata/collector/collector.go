// Package collector is an OpenTelemetry collector for tests: it takes spans by OTLP
// over HTTP, and keeps them.
package collector

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pollmux/pollmux/testdata/await"
)

// Span is one that came, with its attributes as text.
type Span struct {
	*wire.Span
	Attributes map[string]string
	Resource   map[string]string
}

// ID and the others are in hexadecimal.
func (s Span) ID() string     { return hex.EncodeToString(s.SpanId) }
func (s Span) Trace() string  { return hex.EncodeToString(s.TraceId) }
func (s Span) Parent() string { return hex.EncodeToString(s.ParentSpanId) }

// Collector is a running one.
type Collector struct {
	URL string

	mu      sync.Mutex
	spans   []Span
	headers []http.Header
	paths   []string
	answer  http.HandlerFunc // instead of taking what comes; nil takes it
}

// New starts a collector, which ends with the test.
func New(t testing.TB) *Collector {
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.take(t, w, r) }))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Answer has what comes answered by h, and lost; nil takes it again.
func (c *Collector) Answer(h http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = h
}

func (c *Collector) take(t testing.TB, w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.headers, c.paths = append(c.headers, r.Header), append(c.paths, r.URL.Path)
	answer := c.answer
	c.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	body, err := io.ReadAll(unzipped)
	var batch wire.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &batch)
	}
	if err != nil {
		t.Error(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range batch.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			for _, span := range scope.Spans {
				c.spans = append(c.spans, Span{span, texts(span.Attributes), texts(of.Resource.Attributes)})
			}
		}
	}
}

func texts(attributes []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		_, value, _ := strings.Cut(a.Value.String(), ":")
		all[a.Key] = strings.Trim(value, `"`)
	}
	return all
}

// Spans are those that came so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Requests are the heads and paths of what came.
func (c *Collector) Requests() ([]http.Header, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]http.Header(nil), c.headers...), append([]string(nil), c.paths...)
}

// Await waits for a span, and fails the test if none comes.
func (c *Collector) Await(t testing.TB, what string, is func(Span) bool) (found Span) {
	t.Helper()
	await.Until(t, what, func() bool {
		for _, s := range c.Spans() {
			if is(s) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}
