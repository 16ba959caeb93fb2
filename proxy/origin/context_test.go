package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

var errGone = errors.New("nobody wants it any more")

// stage is a point at which an exchange waits for somebody. reached is called
// when it is there.
type stage struct {
	request func(reached func()) *Request
	fault   func(reached func()) legacy.Fault
}

// afterWriting waits with part of an answer on its way, until the client leaves.
func afterWriting(part string) func(reached func()) legacy.Fault {
	return func(reached func()) legacy.Fault {
		return func(x *legacy.Exchange) {
			_ = x.Write([]byte(part))
			reached()
			x.Wait(nil)
			x.Close()
		}
	}
}

func plainGet(func()) *Request { return get("/") }

// blockedUpload is a request whose body blocks after its beginning.
func blockedUpload(length int64) func(func()) *Request {
	return func(reached func()) *Request {
		body := newPipeBody()
		go func() {
			_, _ = io.WriteString(body.w, "hello")
			reached()
		}()
		return body.upload("/", length)
	}
}

func receiving(func()) legacy.Fault { return func(x *legacy.Exchange) { _ = x.Receive() } }

var stages = map[string]stage{
	"waiting for a head":           {plainGet, afterWriting("")},
	"waiting for half a head":      {plainGet, afterWriting("HTTP/1.1 200 OK\r\nX: y\r\n")},
	"after an interim answer":      {plainGet, afterWriting("HTTP/1.1 103 Early Hints\r\n\r\n")},
	"in a body of known length":    {plainGet, afterWriting(ok + "Content-Length: 10\r\n\r\nhello")},
	"before any of that body":      {plainGet, afterWriting(ok + "Content-Length: 10\r\n\r\n")},
	"in a chunk":                   {plainGet, afterWriting(ok + "Transfer-Encoding: chunked\r\n\r\na\r\nhello")},
	"between two chunks":           {plainGet, afterWriting(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")},
	"in a trailer":                 {plainGet, afterWriting(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y")},
	"in a body up to the end":      {plainGet, afterWriting(ok + "\r\nhello")},
	"reading a small upload":       {blockedUpload(10), receiving},
	"reading a large upload":       {blockedUpload(1 << 20), receiving},
	"reading an upload in chunks":  {blockedUpload(-1), receiving},
	"writing to a deaf server":     {deafUpload, hanging},
	"waiting after a small upload": {func(func()) *Request { return post("/", strings.NewReader("hello"), 5) }, afterWriting("")},
	"waiting after a large upload": {func(func()) *Request { return post("/", strings.NewReader(pattern(100_000)), 100_000) }, afterWriting("")},
}

func deafUpload(reached func()) *Request {
	body := &countingBody{endless: true}
	go func() {
		for last := int64(-1); last == -1 || last != body.read.Load(); time.Sleep(100 * time.Millisecond) {
			if last = body.read.Load(); last == 0 {
				last = -1
			}
		}
		reached()
	}()
	return post("/", body, -1)
}

// hanging neither reads nor answers, for longer than the client has patience.
func hanging(func()) legacy.Fault { return deafFor(time.Second) }

// deafFor reads nothing for a while, and then until the client has left.
func deafFor(d time.Duration) legacy.Fault {
	return func(x *legacy.Exchange) {
		_, br := x.Conn()
		if x.Pause(d) {
			_, _ = io.Copy(io.Discard, br)
		}
		x.Close()
	}
}

// TestTheEndOfItsContextEndsAnExchangeWhereverItStands, for the reason that the
// context gives, and leaves nothing behind.
func TestTheEndOfItsContextEndsAnExchangeWhereverItStands(t *testing.T) {
	for name, s := range stages {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
				ctx, cancel := context.WithCancelCause(t.Context())
				reached := sync.OnceFunc(func() { cancel(errGone) })
				r.Break(s.fault(reached), "/")
				_, _, err := r.bounded(ctx, s.request(reached))
				if !errors.Is(err, errGone) || errors.Is(err, ErrRequestBody) {
					t.Errorf("got %v", err)
				}
				if err := r.AwaitOpen(soon(t), 0); err != nil {
					t.Error(err)
				}
				r.expectIncompleteUploads()
			})
		})
	}
}

func TestTheDeadlineOfItsContextIsATimeout(t *testing.T) {
	for name, s := range stages {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			nothing := func() {}
			r.Break(s.fault(nothing), "/")
			if _, _, err := r.bounded(ctx, s.request(nothing)); !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// bounded does not rely on ctx to come back.
func (r *rig) bounded(ctx context.Context, req *Request) (resp *Response, body string, err error) {
	r.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, body, err = do(ctx, r.client, req)
	}()
	receive(r.t, "the end of "+firstLine(req.Head), done)
	return resp, body, err
}

// expectIncompleteUploads wants no chunked body to have got its last chunk.
func (r *rig) expectIncompleteUploads() {
	r.t.Helper()
	for _, request := range r.Requests() {
		if request.Whole && request.Header.Get("Transfer-Encoding") == "chunked" {
			r.t.Error("the server has got a whole request")
		}
	}
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(1)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	for _, req := range []*Request{get("/"), safe("/"), post("/", strings.NewReader("hello"), 5), post("/", strings.NewReader("hello"), -1)} {
		if _, _, err := do(ctx, r.client, req); !errors.Is(err, errGone) {
			t.Errorf("got %v", err)
		}
	}
	if got := r.Total(); got != 0 {
		t.Errorf("%d requests", got)
	}
}

func TestTheEndOfItsContextEndsADial(t *testing.T) {
	await.Goroutines(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	accepted := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		accepted <- err
		cancel(errGone)
		if err == nil {
			_, _ = io.Copy(io.Discard, c) // the handshake, which is not answered
			_ = c.Close()
		}
	}()
	client := NewClient(parseURL(t, "https://"+l.Addr().String()), nil)
	defer client.Close()
	if _, _, err := do(ctx, client, get("/")); !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
	if err := receive(t, "the connection", accepted); err != nil {
		t.Error(err)
	}
}

// TestGivingUpAtAnyMomentMixesNoAnswers has 16 goroutines give up at random
// points of random exchanges, and wants every answer that came to be the right
// one.
func TestGivingUpAtAnyMomentMixesNoAnswers(t *testing.T) {
	eachTransport(t, legacy.Answer{}, func(t *testing.T, r *rig) {
		rounds := 100
		if testing.Short() || r.url.Scheme == "https" {
			rounds = 25
		}
		large := pattern(20_000)
		r.AnswerFunc(echo)
		var whole atomic.Int64
		var wait sync.WaitGroup
		for c := range 16 {
			wait.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(c)))
				for i := range rounds {
					target := fmt.Sprintf("/%s/%d-%d", [...]string{"sized", "chunked"}[random.IntN(2)], c*rounds+i, random.IntN(9000))
					limit := [...]time.Duration{3 * time.Millisecond, 30 * time.Millisecond, await.Patience}[random.IntN(3)]
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(limit))))
					_, body, err := do(ctx, r.client, randomRequest(random, target, large))
					cancel()
					if err == nil && body != echoed(target) {
						t.Errorf("%s: got %.80q", target, body)
						return
					}
					if err == nil {
						whole.Add(1)
					}
				}
			})
		}
		wait.Wait()
		if whole.Load() == 0 {
			t.Error("no exchange came to its end")
		}
	})
}

func randomRequest(random *rand.Rand, target, large string) *Request {
	switch random.IntN(4) {
	case 0:
		return post(target, strings.NewReader("hello"), 5)
	case 1:
		return post(target, strings.NewReader(large), int64(len(large)))
	case 2:
		return post(target, strings.NewReader(large), -1)
	}
	return safe(target)
}

func TestCloseFromAnotherGoroutineEndsARead(t *testing.T) {
	for name, length := range map[string]int64{"no upload": 0, "an upload that blocks": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
				r.Break(func(x *legacy.Exchange) {
					c, _ := x.Conn()
					_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nhello")
					_ = x.Receive()
					x.Wait(nil)
					x.Close()
				}, "/")
				req := get("/")
				if length > 0 {
					req = newPipeBody().upload("/", length)
				}
				resp, err := r.client.Do(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				reading, ended := make(chan struct{}), make(chan error, 1)
				go func() {
					buf := make([]byte, 5)
					_, _ = io.ReadFull(resp.Body, buf)
					close(reading)
					_, err := resp.Body.Read(buf)
					ended <- err
				}()
				receive(t, "the first bytes", reading)
				var wait sync.WaitGroup
				for range 3 {
					wait.Go(func() { _ = resp.Body.Close() })
				}
				wait.Wait()
				if err := receive(t, "the end of Read", ended); err == nil || err == io.EOF {
					t.Errorf("got %v", err)
				}
				if err := r.AwaitOpen(soon(t), 0); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestADetachedResponseOutlivesItsContext(t *testing.T) {
	r := newRig(t, plain("good"))
	rest := make(chan struct{})
	r.Break(legacy.HangMidBody(2, rest), "/")
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := r.client.Do(ctx, get("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 2 {
		if !resp.Detach() {
			t.Error("it cannot be detached")
		}
	}
	cancel()
	close(rest)
	if body, err := io.ReadAll(resp.Body); string(body) != "good" || err != nil {
		t.Errorf("got %q, %v", body, err)
	}
	if !resp.Detach() {
		t.Error("it is not detached any more")
	}
	r.expect(get("/next"), 200, "good")
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestADetachedUploadOutlivesItsContext(t *testing.T) {
	r := newRig(t, plain("good"))
	body := newPipeBody()
	r.Break(func(x *legacy.Exchange) {
		c, _ := x.Conn()
		_, _ = io.WriteString(c, ok+"Content-Length: 4\r\n\r\n")
		if x.Receive() == nil {
			_, _ = io.WriteString(c, "good")
		}
	}, "/")
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := r.client.Do(ctx, body.upload("/", -1))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if !resp.Detach() {
		t.Error("it cannot be detached")
	}
	cancel()
	go func() {
		_, _ = io.WriteString(body.w, "hello")
		_ = body.w.Close()
	}()
	if got, err := io.ReadAll(resp.Body); string(got) != "good" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	requests, err := r.AwaitWhole(soon(t), 1)
	if err != nil || !requests[0].Whole || resp.Rejected() {
		t.Errorf("%v, %+v", err, requests)
	}
}

func TestADetachedResponseSaysItselfWhyItEnded(t *testing.T) {
	r := newRig(t, plain("good"))
	cut := make(chan struct{})
	r.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte(ok + "Content-Length: 10\r\n\r\nhello"))
		x.Wait(cut)
		x.Close()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	resp, err := r.client.Do(ctx, get("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	resp.Detach()
	cancel(errGone)
	close(cut)
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, ErrTruncated) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
}

func TestDetachSaysThatItIsTooLate(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(legacy.HangMidBody(2, nil))
	ctx, cancel := context.WithCancelCause(t.Context())
	resp, err := r.client.Do(ctx, get("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	cancel(errGone)
	if resp.Detach() {
		t.Error("it could be detached")
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
}

// TestReadyMayBeAskedAfterTheEnd, when the connection is somebody else's.
func TestReadyMayBeAskedAfterTheEnd(t *testing.T) {
	r := newRig(t, plain("good"))
	resp, err := r.client.Do(soon(t), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	var wait sync.WaitGroup
	wait.Go(func() { r.expect(get("/"), 200, "good") })
	for range 1000 {
		resp.Ready()
	}
	wait.Wait()
	_ = resp.Body.Close()
}
