package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Each limit on one request is driven past, told, counted, and does not outlast
// the client that reached it.
func TestEachLimitOnARequestIsToldAndCounted(t *testing.T) {
	post := "POST /x HTTP/1.1\r\nHost: a\r\n"
	for name, test := range map[string]struct {
		text   string
		status int
		limit  string
	}{
		"a head of just the size":   {"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " + strings.Repeat("x", 900) + "\r\n\r\n", 200, ""},
		"a head beyond it":          {"GET /x HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 1100) + "\r\n\r\n", 431, "request_header"},
		"a target beyond it":        {"GET /" + strings.Repeat("x", 1100) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431, "request_header"},
		"a hundred fields":          {"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + strings.Repeat("X: 1\r\n", 98) + "\r\n", 200, ""},
		"more":                      {"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + strings.Repeat("X: 1\r\n", 99) + "\r\n", 431, "request_header"},
		"a body of just the size":   {post + "Connection: close\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20_000), 200, ""},
		"a body beyond it":          {post + "Content-Length: 20001\r\n\r\nx", 413, "request_body"},
		"chunks beyond it":          {post + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 5), 413, "request_body"},
		"one that asks first":       {post + "Expect: 100-continue\r\nContent-Length: 20001\r\n\r\n", 413, "request_body"},
		"a head that does not end":  {"GET /x HTTP/1.1\r\nHos", 408, "request_timeout"},
		"a body that does not come": {post + "Content-Length: 20000\r\n\r\n", 408, "request_timeout"},
		"a body that stops":         {post + "Content-Length: 20000\r\n\r\n" + strings.Repeat("x", 10_000), 408, "request_timeout"},
		"chunks that stop":          {post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 408, "request_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "limits: {request_header: 1KiB, request_body: 20000}", "timeouts: {header: 1s, idle: 1s}")
			c := r.dial()
			_, _ = io.WriteString(c, test.text)
			a, err := readReply(bufio.NewReader(c), "GET")
			if err != nil || a.StatusCode != test.status || !a.Close {
				t.Fatalf("%v, %v", a.Response, err)
			}
			limits := r.proxy.Ledger().Stats().Limits
			if test.limit == "" && len(limits) != 0 || test.limit != "" && (len(limits) != 1 || limits[test.limit] != 1) {
				t.Errorf("counted: %v", limits)
			}
			r.get("/x").want(t, 200, `{"v":1}`)
		})
	}
}

// A client that sends a byte now and then has a connection to the origin for
// itself; one that is slow but honest is served.
func TestABodyHasToComeAtSomePace(t *testing.T) {
	r := newRig(t, "timeouts: {idle: 2s}")
	upload := func(chunk int) (reply, time.Duration, error) {
		c := r.dial()
		begin := time.Now()
		_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
		over := make(chan struct{})
		defer close(over)
		go func() { // ended with the test's connection
			for sent := 0; sent < 10_000; sent += chunk {
				if _, err := fmt.Fprintf(c, "%x\r\n%s\r\n", chunk, strings.Repeat("x", chunk)); err != nil {
					return
				}
				select {
				case <-over:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
			_, _ = io.WriteString(c, "0\r\n\r\n")
		}()
		a, err := readReply(bufio.NewReader(c), "POST")
		return a, time.Since(begin), err
	}
	if a, took, err := upload(1000); err != nil || a.StatusCode != 200 {
		t.Errorf("10 KB/s: %v, %v after %v", a.Response, err, took)
	}
	if a, took, err := upload(10); err != nil || a.StatusCode != 408 || took > 15*time.Second {
		t.Errorf("100 B/s: %v, %v after %v", a.Response, err, took)
	}
	r.get("/x").want(t, 200, `{"v":1}`)
}

func TestThePaceOfABodyIsItsClientsOnly(t *testing.T) {
	b := &requestBody{idle: 10 * time.Second}
	for _, test := range []struct {
		read   int64
		waited time.Duration
		want   time.Duration
	}{
		{0, 0, 10 * time.Second},
		{0, 4 * time.Second, 6 * time.Second},
		{0, 10 * time.Second, 0},
		{10 << 10, 10 * time.Second, 10 * time.Second},
		{10 << 10, 15 * time.Second, 5 * time.Second},
		{1 << 30, time.Hour, 10 * time.Second},
		{1 << 60, time.Hour, 10 * time.Second},
	} {
		b.read, b.waited = test.read, test.waited
		if got := b.patience(); got != test.want {
			t.Errorf("%d bytes in %v: %v more, want %v", test.read, test.waited, got, test.want)
		}
	}
}

func TestAReaderThatStopsIsCountedAndItsMemoryIsFree(t *testing.T) {
	r := newRig(t, "timeouts: {write: 300ms}", "mode: pass")
	r.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: make([]byte, 32<<20)})
	for range 3 {
		c := r.dial()
		_, _ = io.WriteString(c, requestText("GET", "/x", r.addr, "", nil)) // and reads nothing
	}
	r.eventually("they are cut off", func() bool { return r.hits("write_timeout") == 3 && r.connections() == 0 })
	r.body("1")
	r.get("/x").want(t, 200, "1")
}

func TestALimitOnSnapshotsIsCounted(t *testing.T) {
	r := newRig(t, "limits: {snapshot: 1KiB, snapshots: 2KiB}", "interval: 10ms")
	big := `"` + strings.Repeat("x", 2000) + `"`
	r.body(big)
	r.get("/big").want(t, 200, big)
	if hits := r.hits("snapshot"); hits != 1 {
		t.Errorf("%d hits of one", hits)
	}
	r.body(`"` + strings.Repeat("x", 1000) + `"`)
	var held []*stream
	for i := range 3 {
		held = append(held, r.stream(fmt.Sprintf("/%d", i), "text/event-stream"))
	}
	if a := r.get("/other"); a.Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=feed-limit" {
		t.Errorf("%v", a.Header)
	}
	if hits := r.hits("snapshots"); hits < 1 || r.hits("feeds") != 0 {
		t.Errorf("%v", r.proxy.Ledger().Stats().Limits)
	}
	for _, s := range held {
		_ = s.conn.Close()
	}
	r.body("1")
	r.eventually("there is room again", func() bool {
		return !strings.Contains(r.get("/other").Header.Get("Cache-Status"), "feed-limit")
	})
}
