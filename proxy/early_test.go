package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// echo answers at once, and with each piece of the body as it comes.
func echo(w http.ResponseWriter, req *http.Request) {
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex()
	_ = rc.Flush()
	for buf := make([]byte, 4096); ; {
		n, err := req.Body.Read(buf)
		_, _ = w.Write(buf[:n])
		if _ = rc.Flush(); err != nil {
			return
		}
	}
}

// newOldRig is a proxy before an origin of net/http.
func newOldRig(t *testing.T, handler http.HandlerFunc, lines ...string) *rig {
	t.Helper()
	origin := httptest.NewServer(handler)
	t.Cleanup(origin.Close)
	return newRigFor(t, nil, routeYAML(origin.URL, lines))
}

// readHead reads up to an answer's body.
func readHead(t *testing.T, br *bufio.Reader) string {
	t.Helper()
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := br.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", head.String(), err)
		}
		head.WriteString(line)
	}
	return head.String()
}

// The one unforgivable fault: fasthttp gives what an upload is read from to the
// next request, so nobody may still be reading it.
func TestAnUploadOfHTTP10NeverReadsWhatAnotherUploads(t *testing.T) {
	var begun atomic.Int64
	r := newOldRig(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/echo" {
			echo(w, req)
			return
		}
		begun.Add(1)
		body, _ := io.ReadAll(req.Body)
		fmt.Fprint(w, strings.Count(string(body), "b"), " of ", len(body))
	})
	const first, second, others = 9000, 40_000, 8
	for range 10 {
		begun.Store(0)
		a := r.dial()
		br := bufio.NewReader(a)
		fmt.Fprintf(a, "POST /echo HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n%s", strings.Repeat("A", first))
		readHead(t, br)
		var uploads [others]net.Conn
		for i := range uploads {
			uploads[i] = r.dial()
			fmt.Fprintf(uploads[i], "POST /secret HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", first+second, strings.Repeat("b", first))
		}
		r.eventually("all upload", func() bool { return begun.Load() == others })
		_, _ = io.WriteString(a, strings.Repeat("A", second))
		for _, b := range uploads {
			_, _ = io.WriteString(b, strings.Repeat("b", second))
		}
		echoed := make([]byte, first+second)
		n, err := io.ReadFull(br, echoed)
		if own := strings.Count(string(echoed[:n]), "A"); err != nil || own != n {
			t.Fatalf("of %d bytes that came back %d are its own; %v", n, own, err)
		}
		for _, b := range uploads {
			if answer, err := readReply(bufio.NewReader(b), "POST"); err != nil || answer.body != fmt.Sprint(first+second, " of ", first+second) {
				t.Fatalf("another upload: %q, %v", answer.body, err)
			}
		}
		_ = a.Close()
	}
}

// Looking whether the client is there takes the lock that reading from it needs.
func TestAnUploadOfHTTP10GoesOnWhileItsAnswerComes(t *testing.T) {
	r := newOldRig(t, echo)
	c := r.dial()
	br := bufio.NewReader(c)
	fmt.Fprintf(c, "POST /echo HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n")
	_, _ = io.WriteString(c, strings.Repeat("A", 9000))
	readHead(t, br)
	if _, err := br.Discard(9000); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(watchAfter / 10)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < 2*watchAfter; <-tick.C {
		_, _ = io.WriteString(c, "more")
		if _, err := br.Discard(4); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnUploadOfHTTP10ThatIsNotWantedStillGetsTheWholeAnswer(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(early("200 OK", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	c := r.dial()
	_, _ = io.WriteString(c, "POST /x HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 100_000))
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nhello") {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestAnAnswerOfUnknownLengthThatIsCutIsCutForHTTP10(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")))
	c := r.dial()
	_, _ = io.WriteString(c, "GET /x HTTP/1.0\r\n\r\n")
	if answer, err := io.ReadAll(c); err == nil {
		t.Errorf("%q is whole", answer)
	}
}

// early answers a request whose body is still coming.
func early(status, rest string) legacy.Fault {
	return legacy.Unread(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 " + status + "\r\n" + rest))
		_ = x.Wait(nil)
	})
}

func TestAnEarlyAnswerArrivesWholeAndEndsTheConnection(t *testing.T) {
	for name, rest := range map[string]string{
		"sized":           "Content-Length: 5\r\n\r\nhello",
		"chunked":         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"with a trailer":  "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
		"with no trailer": "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	} {
		for _, status := range []string{"200 OK", "413 Too Large"} {
			t.Run(name+" "+status, func(t *testing.T) {
				r := newRig(t, "mode: pass")
				r.origin.Break(early(status, rest))
				c := r.dial()
				_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 100_000))
				br := bufio.NewReader(c)
				a, err := readReply(br, "POST")
				if err != nil || a.body != "hello" {
					t.Fatalf("%q, %v", a.body, err)
				}
				if want := strings.Contains(rest, "X-Sum: 7"); want != (a.Trailer.Get("X-Sum") == "7") {
					t.Errorf("trailer %v", a.Trailer)
				}
				if more, err := io.ReadAll(br); err != nil || len(more) > 0 {
					t.Errorf("then %q, %v", more, err)
				}
			})
		}
	}
}
