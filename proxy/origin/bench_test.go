package origin

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// benchAnswer is a small snapshot with the head of an ordinary server.
var benchAnswer = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n" +
	"Content-Length: 200\r\nConnection: keep-alive\r\nETag: \"5f3a-61b\"\r\nLast-Modified: Sun, 22 Nov 2026 23:59:58 GMT\r\n" +
	"Cache-Control: max-age=1\r\nX-Request-Id: 0123456789abcdef\r\n\r\n" + strings.Repeat("x", 200)

// benchServer answers every request with the same bytes, and allocates nothing.
func benchServer(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() { // ended by Close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveBench(c) // ended by its client
		}
	}()
	return "http://" + l.Addr().String()
}

func serveBench(c net.Conn) {
	defer c.Close()
	br, answer := bufio.NewReader(c), []byte(benchAnswer)
	for {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) > 2 {
			continue
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// BenchmarkExchange asks for a small answer and reads it, as a passed request
// does: under a context that can be cancelled and with a timeout. What counts is
// the ratio of the three.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct {
		name   string
		client func(b *testing.B, url string) func() error
	}{{"origin", benchOrigin}, {"nethttp", benchNetHTTP}, {"fasthttp", benchFasthttp}} {
		b.Run(c.name, func(b *testing.B) {
			do := c.client(b, benchServer(b))
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"-parallel", func(b *testing.B) {
			do := c.client(b, benchServer(b))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := do(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func benchOrigin(b *testing.B, url string) func() error {
	client := NewClient(parseURL(b, url), nil)
	b.Cleanup(client.Close)
	head := headOf("GET", "/api/scores?league=1", "Accept: */*", "User-Agent: bench")
	return func() error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		resp, err := client.Do(ctx, &Request{Method: "GET", Head: head, Timeout: 10 * time.Second, Repeat: true})
		if err != nil {
			return err
		}
		body := make([]byte, resp.Length)
		_, err = io.ReadFull(resp.Body, body)
		_ = resp.Body.Close()
		return err
	}
}

func benchNetHTTP(b *testing.B, url string) func() error {
	transport := &http.Transport{MaxIdleConnsPerHost: maxIdle, DisableCompression: true, ResponseHeaderTimeout: 10 * time.Second}
	b.Cleanup(transport.CloseIdleConnections)
	return func() error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", url+"/api/scores?league=1", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept", "*/*")
		req.Header.Set("User-Agent", "bench")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		body := make([]byte, resp.ContentLength)
		_, err = io.ReadFull(resp.Body, body)
		_ = resp.Body.Close()
		return err
	}
}

func benchFasthttp(b *testing.B, url string) func() error {
	client := &fasthttp.HostClient{Addr: strings.TrimPrefix(url, "http://"), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	b.Cleanup(client.CloseIdleConnections)
	return func() error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI(url + "/api/scores?league=1")
		req.Header.Set("Accept", "*/*")
		req.Header.Set("User-Agent", "bench")
		if err := client.Do(req, resp); err != nil {
			return err
		}
		_ = append([]byte(nil), resp.Body()...)
		return nil
	}
}
