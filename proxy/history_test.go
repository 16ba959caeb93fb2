package proxy

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/strict"
)

// What fasthttp once got wrong, by the number of the change that mended it. Each
// is one request to some and two to others; whatever fasthttp does some day, the
// second must not be found. See also TestATargetArrivesByteForByte (#1923,
// GO-2026-4950, CVE-2022-21221).
func TestWhatFasthttpOnceGotWrongStaysRight(t *testing.T) {
	const post, chunked = "POST /x HTTP/1.1\r\nHost: a\r\n", "Transfer-Encoding: chunked\r\n\r\n"
	for name, text := range map[string]string{
		"#1719, a coding it does not know":      post + "Transfer-Encoding: cow\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"#1719, a coding beside chunked":        post + "Transfer-Encoding: cow, chunked\r\n\r\n0\r\n\r\n",
		"#1719, identity beside a length":       post + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"#1719, a sign in a length":             post + "Content-Length: +5\r\n\r\nhello",
		"#1719, an underscore in a length":      post + "Content-Length: 1_0\r\n\r\nhellohello",
		"#1719, white space before a colon":     post + "Content-Length : 5\r\n\r\nhello",
		"#1719, a NUL in a value":               post + "X: a\x00b\r\n\r\n",
		"#1703, two lengths":                    post + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
		"#1703, the same length twice":          post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"#1703, a version of its own":           "GET /x HTTP/1.1a\r\nHost: a\r\n\r\n",
		"#1703, no version":                     "GET /x\r\nHost: a\r\n\r\n",
		"#1703, a coding without chunks":        post + "Transfer-Encoding: gzip\r\n\r\n",
		"#1899, a line feed in an extension":    post + chunked + "2;\nxx\r\n4c\r\n0\r\n\r\n",
		"#1899, a line feed behind a size":      post + chunked + "2\nxx\r\n0\r\n\r\n",
		"#2134, white space before one":         post + chunked + "2 ;\nxx\r\n0\r\n\r\n",
		"#2134, a bare CR in one":               post + chunked + "2;\rxx\r\n0\r\n\r\n",
		"TE and CL, which it takes (1.74)":      post + "Content-Length: 5\r\n" + chunked + "0\r\n\r\n",
		"the HTTP/2 preface, which it serves":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/1.2, which it forwards":           "GET /x HTTP/1.2\r\nHost: a\r\n\r\n",
		"a user in Host, which it sends":        "GET /x HTTP/1.1\r\nHost: u:p@a\r\n\r\n",
		"a user in a target, which it sends":    "GET http://u:p@a/x HTTP/1.1\r\nHost: a\r\n\r\n",
		"a trailer ended by LF, which it takes": post + chunked + "0\r\nA: b\n\n",
		"a length in a trailer":                 post + chunked + "0\r\nContent-Length: 50\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "mode: pass")
			answer := r.raw(text + smuggledGet)
			if n := strings.Count(answer, "\r\n\r\n"); n != 1 || strings.HasPrefix(answer, "HTTP/1.1 2") || !strings.Contains(answer, "Connection: close\r\n") {
				t.Errorf("%d answers: %q", n, answer)
			}
			for _, got := range r.origin.Requests() {
				if got.Whole {
					t.Errorf("the origin got\n%s", got.Head)
				}
			}
		})
	}
}

// #2379: reading on behind the end of chunks took the next request for one, or
// waited for ever; #1816 and #1844 lost its beginning.
func TestWhatIsBehindABodyIsTheNextRequest(t *testing.T) {
	var pipeline strings.Builder
	const rounds = 20
	for i := range rounds {
		data := strings.Repeat(fmt.Sprint(i%10), i*997)
		fmt.Fprintf(&pipeline, "POST /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", i)
		for rest := data; rest != ""; {
			n := min(len(rest), 1+len(rest)/3)
			fmt.Fprintf(&pipeline, "%x;x=y\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		fmt.Fprintf(&pipeline, "0\r\nA: b\r\n\r\nPUT /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", i, len(data), data)
	}
	want, err := strict.All(pipeline.String())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "mode: pass")
	c := r.dial()
	go func() { // ended by the end of the test's connection
		_, _ = io.WriteString(c, pipeline.String())
	}()
	br := bufio.NewReader(c)
	for i := range want {
		if a, err := readReply(br, "POST"); err != nil || a.StatusCode != 200 {
			t.Fatalf("%d: %v, %v", i, a.Response, err)
		}
	}
	for i, got := range r.origin.Requests() {
		all, err := strict.All(string(got.Head) + string(got.Body))
		if err != nil || all[0].Method != want[i].Method || all[0].Target != want[i].Target || all[0].Body != want[i].Body {
			t.Fatalf("%d: %v, %.200s", i, err, got.Head)
		}
	}
}

// H-15: a trailer is never merged into a head: not into the origin's, nor into
// an answer.
func TestATrailerStaysOne(t *testing.T) {
	for _, name := range []string{"Authorization", "Host", "Cookie", "X-Forwarded-For", "Content-Length", "Transfer-Encoding", "Via", "X-T"} {
		r := newRig(t, "mode: pass")
		r.raw("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + name + ": canary\r\n\r\n")
		for _, got := range r.origin.Requests() {
			if strings.Contains(string(got.Head)+string(got.Body), "canary") {
				t.Errorf("%s: %s%s", name, got.Head, got.Body)
			}
		}
	}
}
