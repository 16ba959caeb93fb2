package proxy

import (
	"testing"

	"go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/pollmux/pollmux/testdata/collector"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestWhichOfSeveralServersAnsweredIsTold: the first one is gone.
func TestWhichOfSeveralServersAnsweredIsTold(t *testing.T) {
	for name, ask := range map[string]func(f *fleet){
		"quickly":          func(f *fleet) { f.get("/x").want(t, 200, `{"v":1}`) },
		"through fasthttp": func(f *fleet) { f.get("/x", "Connection", "close").want(t, 200, `{"v":1}`) },
		"asked first":      func(f *fleet) { f.servers[1].Answer(legacy.Answer{Body: make([]byte, 1<<20)}); f.get("/x") },
		"a WebSocket": func(f *fleet) {
			f.get("/x", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version", "13")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := collector.New(t)
			f := newFleet(t, 2, "mode: pass", traceTo(c, "1"), logAll)
			f.servers[0].Break(legacy.ResetBeforeHead())
			ask(f)
			if got := f.logged("server"); got != f.servers[1].URL() || f.logged("upstream") != "api" {
				t.Errorf("the log says %q", f.access)
			}
			f.flush()
			if s := only(t, c.Spans(), ofKind(v1.Span_SPAN_KIND_CLIENT, "GET")); s.Attributes["server.address"]+":"+s.Attributes["server.port"] != f.servers[1].Addr() {
				t.Errorf("the span says %v", s.Attributes)
			}
		})
	}
}

func TestASpanOfAPollSaysWhichOfSeveralServersAnswered(t *testing.T) {
	c := collector.New(t)
	f := newFleet(t, 2, "interval: 1h", traceTo(c, "1"))
	f.servers[0].Break(legacy.ResetBeforeHead())
	f.get("/x").want(t, 200, `{"v":1}`)
	f.flush()
	if s := only(t, c.Spans(), ofKind(v1.Span_SPAN_KIND_CLIENT, "poll GET")); s.Attributes["server.address"]+":"+s.Attributes["server.port"] != f.servers[1].Addr() {
		t.Errorf("the span says %v", s.Attributes)
	}
}
