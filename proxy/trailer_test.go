package proxy

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	chunkedPost = "POST /x HTTP/1.1\r\nHost: x\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	smuggledGet = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
)

// A server in front of this one may take a bare line feed for part of a field,
// and forward all of this as one request; another for the end.
func TestNothingInATrailerIsTakenForARequest(t *testing.T) {
	for name, trailer := range map[string]string{
		"after a field":               "A: b\n\n",
		"after two":                   "A: b\r\nB: c\n\n",
		"after one that nobody wants": "X-Other: b\n\n",
		"after a good line":           "A: b\r\n\n",
		"before a good end":           "A: b\n\r\n",
		"in place of a field":         "\n",
		"folded":                      "A: b\r\n\tc\r\n\r\n",
		"a bare CR":                   "A: b\rC: d\r\n\r\n",
		"no colon":                    "A\r\n\r\n",
	} {
		for _, mode := range []string{"mode: pass", "mode: coalesce"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				r := newRig(t, mode)
				answer := r.raw(chunkedPost + "0\r\n" + trailer + smuggledGet)
				if n := strings.Count(answer, "HTTP/1.1 "); n != 1 || !strings.HasPrefix(answer, "HTTP/1.1 400 ") || !strings.Contains(answer, "Connection: close") {
					t.Errorf("%d answers:\n%s", n, answer)
				}
				for _, got := range r.origin.Requests() {
					if got.Whole || got.Path == "/smuggled" {
						t.Errorf("the origin got %s", got.Head)
					}
				}
			})
		}
	}
}

func TestNothingInATrailerIsTakenForARequestAfterAnEarlyAnswer(t *testing.T) {
	r := newOldRig(t, echo)
	c := r.dial()
	br := bufio.NewReader(c)
	_, _ = io.WriteString(c, chunkedPost)
	readHead(t, br)
	_, _ = io.WriteString(c, "0\r\nA: b\n\n"+smuggledGet)
	// What was answered cannot be taken back, but neither is it completed.
	if rest, err := io.ReadAll(br); strings.HasSuffix(string(rest), "0\r\n\r\n") || strings.Contains(string(rest), "HTTP/") {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestAConnectionGoesOnAfterATrailer(t *testing.T) {
	for _, trailer := range []string{"A: b\r\n\r\n", "A: b\r\nX-Other: c\r\n\r\n"} {
		r := newRig(t, "mode: pass")
		answer := r.raw(chunkedPost + "0\r\n" + trailer + chunkedPost + "0\r\n\r\n" + strings.Replace(smuggledGet, "Host", "Connection: close\r\nHost", 1))
		if n := strings.Count(answer, "HTTP/1.1 200 "); n != 3 || len(r.requestsTo("/smuggled")) != 1 {
			t.Errorf("%d answers:\n%s", n, answer)
		}
	}
}

func TestAConnectionGoesOnAfterChunksWithoutATrailer(t *testing.T) {
	r := newRig(t, "mode: pass")
	answer := r.raw(chunkedPost + "0\r\n\r\n" + strings.Replace(smuggledGet, "Host", "Connection: close\r\nHost", 1))
	if n := strings.Count(answer, "HTTP/1.1 200 "); n != 2 || len(r.requestsTo("/smuggled")) != 1 {
		t.Errorf("%d answers:\n%s", n, answer)
	}
}

func TestTheTrailerOfAnAnswerThatIsForNobodyElseArrives(t *testing.T) {
	r := newOldRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Set-Cookie", "a=b")
		_, _ = io.WriteString(w, "body")
		_ = http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "1")
	})
	if a := r.get("/x"); a.body != "body" || a.Trailer.Get("X-Sum") != "1" {
		t.Errorf("%q, %v", a.body, a.Trailer)
	}
}
