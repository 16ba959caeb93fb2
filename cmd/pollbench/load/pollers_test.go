package load

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func get(address string, length int64) func(int) Request {
	return func(int) Request { return Get(address, "/x", length) }
}

func connect(t *testing.T, address string, n int, request func(int) Request) *Pollers {
	t.Helper()
	p, err := Connect(t.Context(), address, n, request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestPollersCountEveryAnswerTheyGet(t *testing.T) {
	var served atomic.Int64
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = w.Write([]byte("hello"))
	})
	p := connect(t, address, 3, get(address, 5))
	if err := p.Once(t.Context()); err != nil || served.Load() != 3 {
		t.Fatal(served.Load(), err)
	}
	n, err := p.Run(t.Context(), 20*time.Millisecond)
	if err != nil || n < 3 || n+3 != served.Load() {
		t.Errorf("%d answers, %d served, %v", n, served.Load(), err)
	}
}

func TestPacedPollersAskOncePerInterval(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	p := connect(t, address, 4, get(address, Any))
	// A machine too busy to keep the pace makes it fewer, and never more.
	if n, err := p.Pace(t.Context(), 20*time.Millisecond, 100*time.Millisecond); err != nil || n < 4 || n > 20 {
		t.Error(n, err)
	}
}

func TestAnAnswerOfAnotherStatusOrLengthEndsTheRun(t *testing.T) {
	for _, answer := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "hello", http.StatusBadGateway) },
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hell")) },
	} {
		address := serve(t, answer)
		p := connect(t, address, 2, get(address, 5))
		if _, err := p.Run(t.Context(), time.Hour); !errors.Is(err, ErrAnswer) {
			t.Error(err)
		}
	}
}

func TestTheEndOfTheContextEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hung := make(chan struct{})
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
		close(hung)
	})
	p := connect(t, address, 1, get(address, 5))
	if _, err := p.Run(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-hung
}

func TestARequestsBodyIsSentAndTheWholeAnswerFetched(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["ETag"] = []string{`"odd"`}
		w.Header().Set("Content-Length", "4")
		if r.ContentLength != 3 {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte("good"))
	})
	head, body, err := Fetch(t.Context(), address, Post(address, "/x", []byte("abc"), 4))
	if err != nil || string(body) != "good" || len(head) < 20 || string(head[:15]) != "HTTP/1.1 200 OK" || string(head[len(head)-4:]) != "\r\n\r\n" {
		t.Errorf("%q, %q, %v", head, body, err)
	}
	if _, _, err := Fetch(t.Context(), address, Get(address, "/x", 4)); !errors.Is(err, ErrAnswer) {
		t.Error(err)
	}
}
