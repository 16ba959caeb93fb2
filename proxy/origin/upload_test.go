package origin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// pattern is n bytes that differ everywhere.
func pattern(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()[:n]
}

func TestUploadsArriveWholeAndOnce(t *testing.T) {
	for _, size := range []int{0, 1, smallBody, smallBody + 1, uploadChunk, uploadChunk + 1, 1 << 20} {
		for _, kind := range []string{"sized", "chunked"} {
			t.Run(fmt.Sprint(kind, size), func(t *testing.T) {
				eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
					r.AnswerFunc(func(req *legacy.Request) legacy.Answer {
						h, err := req.HTTP()
						if err != nil || req.BodySize > 64<<10 {
							return plain(fmt.Sprint(req.BodySize))
						}
						body, err := io.ReadAll(h.Body)
						return plain(fmt.Sprint(len(body), err, string(body) == pattern(size)))
					})
					for range 2 {
						length := int64(size)
						if kind == "chunked" {
							length = -1
						}
						resp, body, err := r.do(post("/", strings.NewReader(pattern(size)), length))
						if err != nil || resp.Rejected() || !resp.Uploaded() {
							t.Fatalf("%v, %+v", err, resp)
						}
						if want := fmt.Sprint(size, nil, true); size < 60<<10 && body != want {
							t.Errorf("got %s, want %s", body, want)
						}
						if kind == "sized" && size == 1<<20 && body != fmt.Sprint(size) {
							t.Errorf("got %s", body)
						}
					}
					if got := r.connections(); got != 1 || r.Total() != 2 {
						t.Errorf("%d connections, %d requests", got, r.Total())
					}
				})
			})
		}
	}
}

// TestACutUploadIsNeverCompleted: whatever becomes of the client, the server
// must see an incomplete request (CORRECTNESS H-16).
func TestACutUploadIsNeverCompleted(t *testing.T) {
	const size = 2*uploadChunk + 1000
	body := pattern(size)
	ends := map[string]func(string) io.Reader{
		"FIN":        func(s string) io.Reader { return cutBody(s, io.EOF) },
		"early end":  func(s string) io.Reader { return cutBody(s, io.ErrUnexpectedEOF) },
		"error":      func(s string) io.Reader { return cutBody(s, errCut) },
		"late error": func(s string) io.Reader { return &lastGasp{data: s, err: errCut} },
		"panic":      panicBody,
	}
	for _, length := range []int64{size, -1} {
		for end, cut := range ends {
			if length < 0 && end == "FIN" {
				continue // is how a chunked body ends; the reader knows better
			}
			for _, at := range []int{0, 100, uploadChunk, size - 1} {
				t.Run(fmt.Sprint(length, end, at), func(t *testing.T) {
					r := newRig(t, plain("good"))
					r.warm(1)
					r.expectError(post("/", cut(body[:at]), length), ErrRequestBody)
					if err := r.AwaitOpen(soon(t), 0); err != nil {
						t.Error(err)
					}
					r.expectIncomplete(1)
				})
			}
		}
	}
}

// lastGasp returns its error together with its last bytes.
type lastGasp struct {
	data string
	err  error
}

func (b *lastGasp) Read(p []byte) (int, error) {
	n := copy(p, b.data)
	if b.data = b.data[n:]; b.data == "" {
		return n, b.err
	}
	return n, nil
}

// expectIncomplete wants at most so many requests, and none of them whole.
func (r *rig) expectIncomplete(most int) {
	r.t.Helper()
	requests := r.Requests()
	if len(requests) > most {
		r.t.Errorf("%d requests", len(requests))
	}
	for _, request := range requests {
		if request.Whole || bytes.Contains(request.Body, []byte("\r\n0\r\n")) {
			r.t.Errorf("the server has got a whole request: %s", firstLine(request.Head))
		}
	}
}

// TestACutSmallUploadIsNotSent: it is read before a connection is taken.
func TestACutSmallUploadIsNotSent(t *testing.T) {
	for name, body := range map[string]io.Reader{
		"FIN": cutBody("hello", io.EOF), "error": cutBody("hello", errCut), "panic": panicBody("hello"), "nothing": strings.NewReader(""),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.warm(1)
			r.expectError(post("/", body, 10), ErrRequestBody)
			if got := r.Total(); got != 0 {
				t.Errorf("%d requests", got)
			}
			r.expect(get("/"), 200, "good")
			if got := r.connections(); got != 1 {
				t.Errorf("%d connections", got)
			}
		})
	}
}

// TestAnUploadThatIsCutAfterTheAnswerBeganIsNotCompletedEither: the answer is
// cut as well, however the two meet.
func TestAnUploadThatIsCutAfterTheAnswerBeganIsNotCompletedEither(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(func(x *legacy.Exchange) {
		c, br := x.Conn()
		_, _ = br.Peek(1)
		_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		_ = x.Receive()
		x.Close()
	})
	for i := range 100 {
		body := newPipeBody()
		go func() {
			_, _ = io.WriteString(body.w, "x")
			if i%2 == 0 { // about when the head comes
				_ = body.w.CloseWithError(errCut)
			}
		}()
		resp, err := r.client.Do(soon(t), body.upload("/", -1))
		if err == nil {
			_ = body.w.CloseWithError(errCut)
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		if !errors.Is(err, ErrRequestBody) || !errors.Is(err, errCut) {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	if err := r.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
	r.expectIncomplete(100)
}

// unread has the server answer early, without reading more than the beginning of
// the body.
func unread(answer string) legacy.Fault {
	return func(x *legacy.Exchange) {
		c, br := x.Conn()
		_, _ = br.Discard(10)
		_, _ = io.WriteString(c, answer)
		deafFor(time.Second)(x)
	}
}

func TestAnEarlyRefusalEndsTheUpload(t *testing.T) {
	const size = 100 << 20
	for _, length := range []int64{size, -1} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
				r.Break(unread("HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge"), "/")
				body := &countingBody{endless: true}
				req := post("/", body, length)
				abandoned := make(chan struct{}, 1000)
				req.Abandon = func() { abandoned <- struct{}{} }
				resp := r.expect(req, 413, "large")
				if !resp.Rejected() || !resp.Uploaded() {
					t.Error("the upload goes on")
				}
				if got := body.read.Load(); got >= size {
					t.Errorf("%d bytes of the body were read", got)
				}
				if got := r.idle(); got != 0 {
					t.Errorf("%d idle connections", got)
				}
				r.expect(get("/next"), 200, "good")
			})
		})
	}
}

// TestARefusalAbandonsABodyThatBlocks: nobody would ever end its Read.
func TestARefusalAbandonsABodyThatBlocks(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(func(x *legacy.Exchange) {
		c, _ := x.Conn()
		_, _ = io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
		_ = x.Receive()
		x.Close()
	}, "/")
	for _, length := range []int64{1 << 20, -1} {
		body := newPipeBody()
		resp := r.expect(body.upload("/", length), 403, "no")
		if !resp.Rejected() || !resp.Uploaded() || len(body.abandoned) == 0 {
			t.Errorf("%d: rejected %v, uploaded %v, abandoned %d times", length, resp.Rejected(), resp.Uploaded(), len(body.abandoned))
		}
	}
	if err := r.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
	r.expectIncomplete(2)
}

// TestAWholeAnswerEndsTheUploadToo: a success as well is no answer to bytes
// that come later, and the client can only be told once.
func TestAWholeAnswerEndsTheUploadToo(t *testing.T) {
	for name, answer := range map[string]string{"a body": "Content-Length: 4\r\n\r\nfine", "no body": "Content-Length: 0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(func(x *legacy.Exchange) {
				c, _ := x.Conn()
				_, _ = io.WriteString(c, ok+answer)
				_ = x.Receive()
				x.Close()
			}, "/")
			body := newPipeBody()
			resp, _, err := r.do(body.upload("/", 1<<20))
			if err != nil || resp.Status != 200 || !resp.Rejected() || len(body.abandoned) == 0 {
				t.Errorf("%v, %+v", err, resp)
			}
			r.expectIncomplete(1)
		})
	}
}

// TestARefusalOfAWholeUploadAbandonsNothing, and costs no connection.
func TestARefusalOfAWholeUploadAbandonsNothing(t *testing.T) {
	r := newRig(t, legacy.Answer{Status: 422, Body: []byte("no")})
	for _, length := range []int64{100_000, -1} {
		req := post("/", strings.NewReader(pattern(100_000)), length)
		req.Abandon = func() { t.Error("abandoned") }
		if resp := r.expect(req, 422, "no"); resp.Rejected() {
			t.Error("rejected")
		}
	}
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

// TestBothDirectionsGoOnAtOnce has each piece of the answer depend on the piece
// of the body before it.
func TestBothDirectionsGoOnAtOnce(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		const pieces, size = 20, 50_000
		r.Break(func(x *legacy.Exchange) {
			c, br := x.Conn()
			_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			buf := make([]byte, size)
			for range pieces {
				if _, err := io.ReadFull(br, buf); err != nil {
					x.Close()
					return
				}
				_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", size, bytes.ToUpper(buf))
			}
			_, _ = io.WriteString(c, "0\r\n\r\n")
			// The rig takes a body that it has not received for the end.
		}, "/")
		body := newPipeBody()
		resp, err := r.client.Do(soon(t), body.upload("/", pieces*size))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got := make([]byte, size)
		for i := range pieces {
			piece := strings.Repeat(string(rune('a'+i)), size)
			go func() { _, _ = io.WriteString(body.w, piece) }()
			if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != strings.ToUpper(piece) {
				t.Fatalf("piece %d: %.20q, %v", i, got, err)
			}
		}
		if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil || resp.Rejected() {
			t.Errorf("%q, %v, rejected: %v", rest, err, resp.Rejected())
		}
		if len(body.abandoned) > 0 {
			t.Error("abandoned")
		}
	})
}

// TestAServerThatBreaksOffIsNotTheClientsFault: giving up makes the pending read
// of the body fail, which is not why.
func TestAServerThatBreaksOffIsNotTheClientsFault(t *testing.T) {
	for name, hangUp := range map[string]func(*legacy.Exchange){"FIN": (*legacy.Exchange).Close, "RST": (*legacy.Exchange).Reset} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.Break(func(x *legacy.Exchange) { hangUp(x) })
			_, _, err := r.do(newPipeBody().upload("/", -1))
			if !errors.Is(err, ErrTruncated) || errors.Is(err, ErrRequestBody) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAMalformedAnswerIsNotTheClientsFault(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(legacy.Unread(func(x *legacy.Exchange) {
		c, _ := x.Conn()
		_, _ = io.WriteString(c, "garbage\r\n\r\n")
		<-x.Closing()
	}))
	_, _, err := r.do(newPipeBody().upload("/", -1))
	if !errors.Is(err, ErrMalformed) || errors.Is(err, ErrRequestBody) {
		t.Errorf("got %v", err)
	}
	r.Faulty.Close()
}

func TestTrailersOfARequestFollowItsLastChunk(t *testing.T) {
	r := newRig(t, plain("good"))
	sum := 0
	body := strings.NewReader(pattern(100_000))
	req := post("/", body, -1)
	req.Trailer = func() []byte {
		sum = body.Len()
		return []byte("X-Sum: 1\r\nX-More: 2\r\n")
	}
	r.expect(req, 200, "good")
	requests, err := r.AwaitWhole(soon(t), 1)
	if err != nil || sum != 0 {
		t.Fatal(err, sum)
	}
	if got, want := requests[0].BodySize, chunkedSize(100_000)+len("X-Sum: 1\r\nX-More: 2\r\n"); got != int64(want) {
		t.Errorf("%d bytes on the wire, want %d", got, want)
	}
	req = post("/", strings.NewReader("hello"), -1)
	req.Trailer = func() []byte { return []byte("X-Sum: 1\r\n") }
	r.expect(req, 200, "good")
	requests, err = r.AwaitWhole(soon(t), 2)
	if want := "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"; err != nil || string(requests[1].Body) != want {
		t.Errorf("got %q, want %q", requests[1].Body, want)
	}
}

// chunkedSize is how many bytes n become in chunks of uploadChunk.
func chunkedSize(n int) (size int) {
	for ; n > 0; n -= uploadChunk {
		size += len(fmt.Sprintf("%x\r\n\r\n", min(n, uploadChunk))) + min(n, uploadChunk)
	}
	return size + len("0\r\n\r\n")
}

func TestAPanicInTrailerCutsTheUpload(t *testing.T) {
	r := newRig(t, plain("good"))
	req := post("/", strings.NewReader("hello"), -1)
	req.Trailer = func() []byte { panic("no") }
	r.expectError(req, ErrRequestBody)
	if err := r.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
	r.expectIncomplete(1)
}

func TestAServerThatStopsReadingIsATimeout(t *testing.T) {
	for _, length := range []int64{1 << 40, -1} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
				r.Break(legacy.Unread(func(x *legacy.Exchange) { <-x.Closing() }))
				req := post("/", &countingBody{endless: true}, length)
				req.Timeout = 100 * time.Millisecond
				r.expectError(req, ErrTimeout)
				r.Faulty.Close() // it would not notice that the client is gone
			})
		})
	}
}

// TestASlowClientIsNotTheServersTimeout: the time of the answer begins when the
// request has ended.
func TestASlowClientIsNotTheServersTimeout(t *testing.T) {
	const timeout = 100 * time.Millisecond
	r := newRig(t, plain("good"))
	for _, length := range []int64{5, smallBody + 5, -1} {
		body := newPipeBody()
		req := body.upload("/", length)
		req.Timeout = timeout
		go func() {
			_, _ = io.WriteString(body.w, pattern(int(max(length, 5))-5))
			time.Sleep(3 * timeout) // what is tested is that this does no harm
			_, _ = io.WriteString(body.w, "hello")
			_ = body.w.Close()
		}()
		r.expect(req, 200, "good")
	}
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestAServerThatDoesNotAnswerAnUploadIsATimeout(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(legacy.HangBeforeHead(nil))
	for _, length := range []int64{100_000, -1, 5} {
		req := post("/", strings.NewReader(pattern(int(max(length, 5)))), length)
		req.Timeout = 50 * time.Millisecond
		r.expectError(req, ErrTimeout)
	}
}

// TestAnEarlyAnswerThatHangsIsATimeoutOnceTheRequestHasEnded, whether the rest of
// it is waited for by then or not.
func TestAnEarlyAnswerThatHangsIsATimeoutOnceTheRequestHasEnded(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Break(func(x *legacy.Exchange) {
		c, br := x.Conn()
		_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nearly")
		_, _ = io.Copy(io.Discard, br)
	}, "/")
	for name, finish := range map[string]func(end func()){
		"before": func(end func()) { end() },
		"while":  func(end func()) { time.AfterFunc(50*time.Millisecond, end) }, // it holds in any order
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(await.Patience, cancel).Stop() // another error than the timeout's
			body := newPipeBody()
			req := body.upload("/", 100_000)
			req.Timeout = 100 * time.Millisecond
			resp, err := r.client.Do(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			finish(func() { _, _ = io.WriteString(body.w, pattern(100_000)) })
			if _, err := resp.Body.Read(make([]byte, 5)); !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestASlowSmallBodyMeetsNoStrayAnswer: the connection is chosen when the body
// is there. One that was clean when the client began need not be so any more.
func TestASlowSmallBodyMeetsNoStrayAnswer(t *testing.T) {
	r := newRig(t, plain("good"))
	when, sent := make(chan struct{}), make(chan struct{})
	r.Break(func(x *legacy.Exchange) {
		_ = x.Respond(x.Answer())
		x.Wait(when)
		_ = x.Write([]byte(strayText))
		close(sent)
	}, "/first")
	r.expect(get("/first"), 200, "good")
	body := newPipeBody()
	go func() {
		_, _ = io.WriteString(body.w, "h")
		close(when)
		<-sent
		_, _ = io.WriteString(body.w, "ello")
	}()
	r.expect(body.upload("/second", 5), 200, "good")
}
