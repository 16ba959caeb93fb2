package origin

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestATruncatedAnswerIsAnErrorAndNeverAnEnd cuts each kind of answer after
// every one of its bytes, by FIN and by RST (RFC 9112 section 8). Only a body
// that ends with the connection can end early and be whole, and only by FIN.
func TestATruncatedAnswerIsAnErrorAndNeverAnEnd(t *testing.T) {
	const hello = "hello, world"
	kinds := map[string]struct {
		wire    string
		toClose bool
	}{
		"sized":   {wire: "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + hello},
		"chunked": {wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n"},
		"trailed": {wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nC\r\nhello, world\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"},
		"closed":  {wire: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + hello, toClose: true},
		"old":     {wire: "HTTP/1.0 200 OK\r\n\r\n" + hello, toClose: true},
		"interim": {wire: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + hello},
	}
	ends := map[string]func(*legacy.Exchange){"FIN": (*legacy.Exchange).Close, "RST": (*legacy.Exchange).Reset}
	for kind, k := range kinds {
		for end, hangUp := range ends {
			t.Run(kind+" "+end, func(t *testing.T) {
				r := newRig(t, legacy.Answer{})
				for cut := range len(k.wire) + 1 {
					r.Break(func(x *legacy.Exchange) {
						_ = x.Write([]byte(k.wire[:cut]))
						hangUp(x)
					})
					_, body, err := r.do(get("/"))
					headEnd := strings.LastIndex(k.wire[:cut], "\r\n\r\n")
					switch {
					case end == "FIN" && (cut == len(k.wire) || k.toClose && headEnd >= 0):
						if err != nil || !strings.HasPrefix(hello, body) || !k.toClose && body != hello {
							t.Errorf("cut at %d: got %q, %v", cut, body, err)
						}
					case end == "RST" && cut == len(k.wire) && !k.toClose:
						// The reset may come before the end, or after it.
						if err == nil && body != hello {
							t.Errorf("cut at %d: got %q", cut, body)
						}
					case !errors.Is(err, ErrTruncated):
						t.Errorf("cut at %d: got %q, %v", cut, body, err)
					}
					if got := r.Total(); got != cut+1 {
						t.Fatalf("cut at %d: the request was sent %d times", cut, got-cut)
					}
					if got := r.idle(); got != 0 && cut < len(k.wire) {
						t.Fatalf("cut at %d: the connection is kept", cut)
					}
				}
			})
		}
	}
}

func TestATruncatedAnswerOverTLSIsAnError(t *testing.T) {
	faults := map[string]legacy.Fault{
		"closed":        legacy.CloseMidBody(5),
		"reset":         legacy.ResetMidBody(5),
		"no last chunk": legacy.NoLastChunk(),
		"half a head":   legacy.CloseMidHead(20),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			r := newTLSRig(t, plain("hello, world"))
			r.Break(fault)
			r.expectError(get("/"), ErrTruncated)
			if got := r.Total(); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestAMalformedChunkIsAnErrorAndNeverAnEnd(t *testing.T) {
	chunks := []string{
		"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n",
		"\r\nhello\r\n0\r\n\r\n", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
		"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n", "5\r\nhello\r\n0\r\n: x\r\n\r\n", "5\r\nhello\r\n0\r\nX: a\x00b\r\n\r\n",
		"5;" + strings.Repeat("x", 5000) + "\r\nhello\r\n0\r\n\r\n", strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\nh\r\n", 20) + "0\r\n\r\n",
		"5\r\nhello\r\n0\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n", "0\r\n" + strings.Repeat("X: y\r\n", maxFields+1) + "\r\n",
	}
	r := newRig(t, legacy.Answer{})
	for _, wire := range chunks {
		r.Break(func(x *legacy.Exchange) {
			_ = x.Write([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + wire))
			_, br := x.Conn()
			_, _ = br.Peek(1)
			x.Close()
		})
		if _, body, err := r.do(get("/")); err == nil || r.idle() != 0 {
			t.Errorf("%.40q: got %q, %v and %d idle connections", wire, body, err, r.idle())
		}
	}
}

func TestATrailerTooLargeSaysSo(t *testing.T) {
	r := newRig(t, legacy.Answer{})
	r.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n")))
	r.expectError(get("/"), ErrTooLarge)
}

func TestTrailersFollowTheBodyInTheirOrder(t *testing.T) {
	r := newRig(t, legacy.Answer{})
	r.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-B: 1\r\nx-a:2\r\nX-B: 3\r\n\r\n")))
	resp := r.expect(get("/"), 200, "hello")
	if want := fields("X-B: 1", "x-a: 2", "X-B: 3"); fmt.Sprint(resp.Trailer) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", resp.Trailer, want)
	}
}

// TestDataIsNotHeldBackForATrailer: a sum that takes its time is no reason to
// wait with the data.
func TestDataIsNotHeldBackForATrailer(t *testing.T) {
	r := newRig(t, legacy.Answer{})
	trailer := make(chan struct{})
	r.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"))
		if x.Wait(trailer) {
			_ = x.Write([]byte("X-Sum: 1\r\n\r\n"))
		}
	})
	resp, err := r.client.Do(soon(t), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data := make(chan string, 1)
	go func() {
		var buf [100]byte
		n, _ := resp.Body.Read(buf[:])
		data <- string(buf[:n])
	}()
	if got := receive(t, "the data", data); got != "hello" {
		t.Errorf("got %q", got)
	}
	close(trailer)
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil || resp.Trailer.Get("X-Sum") != "1" {
		t.Errorf("got %q, %v and %v", rest, err, resp.Trailer)
	}
	if got := r.idle(); got != 1 {
		t.Errorf("%d idle connections", got)
	}
}

func TestReadReturnsWhatHasComeAtOnce(t *testing.T) {
	answers := map[string][2]string{
		"sized":   {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "lo"},
		"chunked": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n0\r\n\r\n"},
		"closed":  {"HTTP/1.1 200 OK\r\n\r\nhel", "lo"},
	}
	for name, parts := range answers {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, legacy.Answer{})
			rest := make(chan struct{})
			r.Break(func(x *legacy.Exchange) {
				_ = x.Write([]byte(parts[0]))
				if x.Wait(rest) {
					_ = x.Write([]byte(parts[1]))
				}
				x.Close()
			})
			resp, err := r.client.Do(soon(t), get("/"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			buf := make([]byte, 100)
			n, err := resp.Body.Read(buf)
			if n == 0 || n > 3 || err != nil {
				t.Fatalf("got %q, %v", buf[:n], err)
			}
			close(rest)
			more, err := io.ReadAll(resp.Body)
			if got := string(buf[:n]) + string(more); got != "hello" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestClosingABodyEarlyEndsItsConnection(t *testing.T) {
	r := newRig(t, plain(strings.Repeat("x", 1<<20)))
	resp, err := r.client.Do(soon(t), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := r.idle(); got != 0 {
		t.Errorf("%d idle connections", got)
	}
	if err := r.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
}

// TestTheEndOfABodyIsSticky: whoever reads on does not read what the connection
// carries for somebody else by then.
func TestTheEndOfABodyIsSticky(t *testing.T) {
	r := newRig(t, plain("hello"))
	resp, err := r.client.Do(soon(t), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "hello" || err != nil {
		t.Fatalf("got %q, %v", body, err)
	}
	r.expect(get("/"), 200, "hello")
	for range 3 {
		if n, err := resp.Body.Read(make([]byte, 10)); n != 0 || err != io.EOF {
			t.Errorf("got %d, %v", n, err)
		}
	}
	_ = resp.Body.Close()
	r.expect(get("/"), 200, "hello")
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

// TestBytesThatWereAnnouncedAreNotWaitedForForEver: those of a body without a
// length are, for it may be a stream.
func TestBytesThatWereAnnouncedAreNotWaitedForForEver(t *testing.T) {
	eachTransport(t, plain("hello"), func(t *testing.T, r *rig) {
		r.Break(legacy.HangMidBody(2, nil))
		for _, req := range []*Request{get("/"), post("/", strings.NewReader("order"), 5)} {
			req.Timeout = 300 * time.Millisecond // in which the head has to come
			if r.url.Scheme == "https" {
				req.Timeout = time.Second
			}
			begin := time.Now()
			resp, body, err := r.do(req)
			if took := time.Since(begin); resp == nil || body != "he" || !errors.Is(err, ErrTimeout) || took > await.Patience/2 {
				t.Errorf("after %v: %v, %q and %v", took, resp, body, err)
			}
		}
	})
}

func TestABodyThatComesSlowlyComes(t *testing.T) {
	for name, test := range map[string]struct {
		answer legacy.Answer
		pause  time.Duration // before each byte
	}{
		"of a length": {plain("hello"), 250 * time.Millisecond},
		"in chunks":   {legacy.Answer{Body: []byte("hello"), Chunked: true}, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, test.answer)
			r.Break(legacy.DripBody(test.pause))
			req := get("/")
			req.Timeout = time.Second // for each of them, and less than for all
			r.expect(req, 200, "hello")
		})
	}
}
