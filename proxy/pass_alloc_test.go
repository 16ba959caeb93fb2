package proxy

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

// cannedOrigin answers every request, whatever it is, with the same bytes, and
// allocates nothing for it.
func cannedOrigin(t *testing.T, answer string) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ended by Close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAlike(c, []byte(answer)) // ended by the proxy
		}
	}()
	return "http://" + l.Addr().String()
}

func answerAlike(c net.Conn, answer []byte) {
	defer c.Close()
	buf := make([]byte, 64<<10)
	for got := 0; ; {
		n, err := c.Read(buf[got:])
		if err != nil {
			return
		}
		if got += n; !bytes.HasSuffix(buf[:got], []byte("\r\n\r\n")) && !bytes.HasSuffix(buf[:got], []byte(sentBody)) {
			continue
		}
		if got = 0; len(answer) > 0 {
			_, _ = c.Write(answer)
		}
	}
}

// sentBody ends a request that has one.
const sentBody = `{"order":"four of them"}`

// cannedAnswer is a small answer with the head of an ordinary server.
var cannedAnswer = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\n" +
	"Content-Length: 500\r\nConnection: keep-alive\r\nETag: \"5f3a-61b\"\r\nLast-Modified: Sun, 22 Nov 2026 23:59:58 GMT\r\n" +
	"Cache-Control: max-age=1\r\nX-Request-Id: 0123456789abcdef\r\n\r\n" + strings.Repeat("x", 500)

// browser is what a browser says besides.
var browser = []string{
	"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept", "application/json",
	"Accept-Language", "en-US,en;q=0.5", "Referer", "https://example.com/scores", "Sec-Fetch-Mode", "cors",
	"Cookie", "sid=0123456789abcdef0123; _ga=GA1.2.3; theme=dark; csrftoken=abcdef", "X-Requested-With", "XMLHttpRequest",
}

// TestAPassedRequestAllocatesNextToNothing: what is left is the head of the
// answer, as one string.
func TestAPassedRequestAllocatesNextToNothing(t *testing.T) {
	plainOnly(t)
	for name, c := range map[string]struct {
		method, body string
		most         float64
	}{
		"GET":  {"GET", "", 1},
		"POST": {"POST", sentBody, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRigFor(t, nil, routeYAML(cannedOrigin(t, cannedAnswer), []string{"mode: pass"}))
			client := r.dial()
			request := []byte(requestText(c.method, "/api/scores?league=1", "example.com", c.body, browser))
			buf, length := make([]byte, 64<<10), 0
			ask := func() {
				if _, err := client.Write(request); err != nil {
					t.Fatal(err)
				}
				n, err := io.ReadAtLeast(client, buf, max(length, 1))
				if err != nil {
					t.Fatal(err)
				}
				length = n
			}
			for range 10 {
				ask()
			}
			if !bytes.HasSuffix(buf[:length], []byte("xxx")) || !bytes.HasPrefix(buf[:length], []byte("HTTP/1.1 200")) {
				t.Fatalf("the answer is %.200q", buf[:length])
			}
			if n := testing.AllocsPerRun(2000, ask); n > c.most && !racing {
				t.Errorf("%v allocations, at most %v", n, c.most)
			}
		})
	}
}
