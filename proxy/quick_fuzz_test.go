package proxy

import (
	"bufio"
	"bytes"
	"reflect"
	"testing"
)

// FuzzQuick sends any bytes. What is answered quickly, fasthttp and what stands
// behind it answer in the same way.
func FuzzQuick(f *testing.F) {
	r := newRig(f, "interval: 1h", "wait_query: wait", "key: {headers: [X-Tenant], ignore_query: [_]}")
	r.get("/a")
	for _, text := range []string{
		r.text("/a"), r.text("/a?_=1"), r.text("/a?"), r.text("/a", "If-None-Match", "*"), r.text("/a", "If-None-Match", `W/"x" , "y"`), r.text("/a", "Accept", "*/*"),
		r.text("/a", "X-Tenant", ""), r.text("/a", "Prefer", "wait=0"), r.text("/a", "Connection", "keep-alive"), r.text("/a", "Cookie", "_ga=1"), r.text("/a?wait_etag=x"),
		r.text("/a", "Accept", "text/event-stream"), r.text("/a", "Connection", "close"), r.text("/a", "Expect", ""), r.text("/a", "Range", "bytes=0-1"), r.text("//a"),
		r.text("/a") + "x", "\r\n" + r.text("/a"), r.text("/a", "Content-Length", "0"), r.text("/a", "Transfer-Encoding", "chunked"), r.text("/a", "Upgrade", "h2c"),
	} {
		f.Add([]byte(text))
	}
	for _, text := range oddRequests(r) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before, start := r.quick.Load(), r.account()
		first := r.parroted(t, raw, 0)
		if r.quick.Load() == before {
			return
		}
		between := r.account()
		second := r.parroted(t, raw, 1)
		if r.quick.Load() != before+1 {
			t.Fatalf("%q is answered quickly although it came in parts", raw)
		}
		if one, other := between.since(start), r.account().since(between); !reflect.DeepEqual(one, other) {
			t.Errorf("%q: the account is %v, and not %v", raw, one, other)
		}
		first.Header.Del("Age")
		second.Header.Del("Age")
		if first.StatusCode != second.StatusCode || first.body != second.body || !reflect.DeepEqual(first.Header, second.Header) {
			t.Errorf("%q: %d %v %q, and not %d %v %q", raw, first.StatusCode, first.Header, first.body, second.StatusCode, second.Header, second.body)
		}
		cost := r.account().since(between)
		start = r.account()
		last := r.repeated(t, raw, 4)
		last.Header.Del("Age")
		if last.StatusCode != second.StatusCode || last.body != second.body || !reflect.DeepEqual(last.Header, second.Header) {
			t.Errorf("%q: %d %v %q once it is known, and not %d %v %q", raw, last.StatusCode, last.Header, last.body, second.StatusCode, second.Header, second.body)
		}
		for name, of := range r.account().since(start) {
			if of != 4*cost[name] {
				t.Errorf("%q: of four, %d is the account of %s, and %d of one", raw, of, name, cost[name])
			}
		}
	})
}

// parroted is the answer to a request of which so many bytes come alone. It is empty
// if the request is not one that is answered quickly.
func (r *rig) parroted(t *testing.T, raw []byte, part int) (answer reply) {
	t.Helper()
	wire := &parrot{request: raw, left: 1, part: part}
	c := r.proxy.gate.admit(wire)
	defer c.Close()
	quick := r.quick.Load()
	if part == 0 {
		if _, _ = c.Read(make([]byte, 16<<10)); r.quick.Load() == quick {
			return reply{}
		}
	} else if err := r.proxy.server.Load().ServeConn(c); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	answer, err := readReply(bufio.NewReader(bytes.NewReader(wire.answer)), "GET")
	if err != nil {
		t.Fatalf("%q is answered with %q: %v", raw, wire.answer, err)
	}
	return answer
}

// repeated is the last answer to a request that comes so many times on a connection,
// and is answered quickly.
func (r *rig) repeated(t *testing.T, raw []byte, times int) (answer reply) {
	t.Helper()
	wire := &parrot{request: raw, left: times}
	c := r.proxy.gate.admit(wire)
	defer c.Close()
	quick := r.quick.Load()
	_, _ = c.Read(make([]byte, 16<<10))
	if got := r.quick.Load() - quick; got != int64(times) {
		t.Fatalf("%q is answered quickly %d times of %d", raw, got, times)
	}
	answer, err := readReply(bufio.NewReader(bytes.NewReader(wire.answer)), "GET")
	if err != nil {
		t.Fatalf("%q is answered with %q: %v", raw, wire.answer, err)
	}
	return answer
}
