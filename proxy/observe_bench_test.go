package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

// BenchmarkPassed sends small requests of a browser's size through a route in
// each mode, over one connection: what observing adds is the difference to pass
// in the same run.
func BenchmarkPassed(b *testing.B) {
	for _, mode := range []string{"pass", "observe"} {
		b.Run(mode, func(b *testing.B) { benchmarkPassed(b, []string{"mode: " + mode}, 2<<10) })
	}
	b.Run("observe/public", func(b *testing.B) { benchmarkPassed(b, []string{"mode: observe", "share: public"}, 2<<10) })
	b.Run("observe/ignore", func(b *testing.B) { benchmarkPassed(b, []string{"mode: observe", "ignore: [/t]"}, 2<<10) })
	for _, mode := range []string{"pass", "observe"} {
		b.Run(mode+"/1MiB", func(b *testing.B) { benchmarkPassed(b, []string{"mode: " + mode}, 1<<20) })
	}
}

func benchmarkPassed(b *testing.B, route []string, size int) {
	body := fmt.Sprintf(`{"v":%q}`, strings.Repeat("x", size))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = io.WriteString(w, body)
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	addr := benchmarkProxy(b, routeYAML("http://"+l.Addr().String(), route))
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	request := []byte(requestText("GET", "/api/scores?league=1&_=1700000000", "example.com", "", []string{
		"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept", "application/json",
		"Accept-Language", "en-US,en;q=0.5", "Referer", "https://example.com/scores", "Sec-Fetch-Mode", "cors",
		"Cookie", "sid=0123456789abcdef0123; _ga=GA1.2.3; theme=dark; csrftoken=abcdef", "X-Requested-With", "XMLHttpRequest",
	}))
	br := bufio.NewReaderSize(c, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(resp, err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != int64(len(body)) {
			b.Fatal(n, err)
		}
	}
}

// benchmarkProxy starts a proxy, and returns its address.
func benchmarkProxy(b *testing.B, yaml string) string {
	c, err := config.Parse("bench.yaml", []byte(yaml))
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	b.Cleanup(func() {
		_ = p.Shutdown(context.Background())
		<-served
	})
	return l.Addr().String()
}
