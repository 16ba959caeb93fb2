package proxy

import (
	"bufio"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

func TestASnapshotHitAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	r := newRig(t, "interval: 1h")
	etag := r.get("/a").Header.Get("ETag")
	for name, test := range map[string]struct {
		text   string
		status string
	}{
		"200":     {r.text("/a"), "HTTP/1.1 200"},
		"304":     {r.text("/a", "If-None-Match", etag), "HTTP/1.1 304"},
		"browser": {r.text("/a", "User-Agent", "Mozilla/5.0", "Accept", "*/*", "Accept-Encoding", "gzip, br", "Referer", "http://x/", "Cookie", "_ga=1"), "HTTP/1.1 200"},
	} {
		wire := &parrot{request: []byte(test.text)}
		c := r.proxy.gate.admit(wire)
		buf := make([]byte, 4096)
		hit := func() {
			wire.left = 1
			if _, err := c.Read(buf); err != io.EOF || !strings.HasPrefix(string(wire.answer[:len(test.status)]), test.status) {
				t.Fatalf("%s: %v, %q", name, err, wire.answer)
			}
		}
		hit()
		if n := testing.AllocsPerRun(1000, hit); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		_ = c.Close()
	}
}

// With a real socket and the whole of fasthttp behind it.
func TestAPollOverASocketAllocatesNothing(t *testing.T) {
	plainOnly(t)
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	r := newRig(t, "interval: 1h")
	r.get("/a")
	c, request := r.dial(), []byte(r.text("/a"))
	answer := make([]byte, 4096)
	ask := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(answer); n < 100 || err != nil {
			t.Fatalf("%q, %v", answer[:n], err)
		}
	}
	const asked = 2000
	var before, after runtime.MemStats
	for range 10 {
		ask()
	}
	runtime.ReadMemStats(&before)
	for range asked {
		ask()
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > asked/10 { // timers and other goroutines have a few
		t.Errorf("%d allocations in %d polls", n, asked)
	}
}

// BenchmarkHit is all that a hit costs but for the system calls.
func BenchmarkHit(b *testing.B) {
	r := newRig(b, "interval: 1h")
	etag := r.get("/a").Header.Get("ETag")
	for name, text := range map[string]string{"200": r.text("/a"), "304": r.text("/a", "If-None-Match", etag)} {
		b.Run(name, func(b *testing.B) {
			wire := &parrot{request: []byte(text)}
			c, buf := r.proxy.gate.admit(wire), make([]byte, 4096)
			defer c.Close()
			b.ReportAllocs()
			for b.Loop() {
				wire.left = 1
				_, _ = c.Read(buf)
			}
		})
	}
}

// The way through fasthttp, which a request goes that came in parts or with another.
func TestAHitBehindFasthttpAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	r := newRig(t, "interval: 1h")
	r.body(`{"v":1}`, "Age", "1000")
	etag := r.get("/a").Header.Get("ETag")
	for status, text := range map[int]string{200: r.text("/a"), 304: r.text("/a", "If-None-Match", etag)} {
		var ctx fasthttp.RequestCtx
		ctx.Init2(&parrot{}, nil, false)
		if err := ctx.Request.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
			t.Fatal(err)
		}
		hit := func() {
			ctx.Response.Reset()
			if r.proxy.handle(&ctx); ctx.Response.StatusCode() != status {
				t.Fatalf("%d, not %d", ctx.Response.StatusCode(), status)
			}
		}
		hit()
		if n := testing.AllocsPerRun(1000, hit); n != 0 {
			t.Errorf("%d: %v allocations", status, n)
		}
	}
}
