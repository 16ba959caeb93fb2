package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// known reports whether a poll is answered from what was polled before.
func (r *rig) known(path string) bool {
	r.t.Helper()
	return r.get(path).Header.Get("Cache-Status") == "pollmux; hit"
}

func TestAWriteThatCannotHaveComeToTheOriginRefreshesNothing(t *testing.T) {
	for name, write := range map[string]func(r *rig){
		"nobody there": func(r *rig) {
			r.origin.Close()
			r.do("POST", "/x", "w")
		},
		"a small body is cut": func(r *rig) { r.raw("POST /x HTTP/1.1\r\nHost: " + r.addr + "\r\nContent-Length: 9\r\n\r\nw") },
		"a large body is cut": func(r *rig) {
			r.raw("POST /x HTTP/1.1\r\nHost: " + r.addr + "\r\nContent-Length: 90000\r\n\r\n" + strings.Repeat("w", 20_000))
		},
		"chunks are cut": func(r *rig) {
			r.raw("POST /x HTTP/1.1\r\nHost: " + r.addr + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 1h")
			r.get("/x").want(t, 200, `{"v":1}`)
			write(r)
			if !r.known("/x") {
				t.Error("refreshed")
			}
		})
	}
}

func TestAWriteThatMayHaveComeToTheOriginRefreshes(t *testing.T) {
	for name, fault := range map[string]legacy.Fault{"reset": legacy.ResetBeforeHead(), "closed": legacy.CloseBeforeHead(), "hung": legacy.HangBeforeHead(nil), "garbage": legacy.Garbage()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "interval: 1h")
			r.get("/x").want(t, 200, `{"v":1}`)
			r.origin.Break(fault)
			r.do("POST", "/x", "w")
			r.origin.Break(nil)
			if r.known("/x") {
				t.Error("not refreshed")
			}
		})
	}
}

// late is an origin that answers a write first and commits it then.
type late struct {
	state  atomic.Int64
	sized  bool
	commit chan struct{}
}

func (l *late) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, l.state.Load())
		return
	}
	if l.sized {
		w.Header().Set("Content-Length", "11")
	}
	_, _ = io.WriteString(w, "working")
	_ = http.NewResponseController(w).Flush()
	<-l.commit
	l.state.Add(1)
	_, _ = io.WriteString(w, "done")
}

func TestAWriteRefreshesAgainWhenItsAnswerIsOver(t *testing.T) {
	for _, version := range []string{"HTTP/1.1", "HTTP/1.0"} {
		for _, sized := range []bool{true, false} {
			t.Run(fmt.Sprint(version, " sized ", sized), func(t *testing.T) {
				l := &late{sized: sized, commit: make(chan struct{})}
				r := newOldRig(t, l.ServeHTTP, "interval: 1h")
				r.get("/x").want(t, 200, "0")
				c := r.dial()
				fmt.Fprintf(c, "POST /x %s\r\nHost: %s\r\nContent-Length: 1\r\n\r\nw", version, r.addr)
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				r.get("/x").want(t, 200, "0") // somebody else's poll, between
				close(l.commit)
				if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "workingdone" {
					t.Fatalf("%q, %v", body, err)
				}
				r.get("/x").want(t, 200, "1")
			})
		}
	}
}

func TestAWriteWhoseAnswerIsCutRefreshesAgainToo(t *testing.T) {
	l := &late{commit: make(chan struct{})}
	r := newOldRig(t, l.ServeHTTP, "interval: 1h")
	r.get("/x").want(t, 200, "0")
	c := r.dial()
	_, _ = io.WriteString(c, requestText("POST", "/x", r.addr, "w", nil))
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
		t.Fatal(err)
	}
	r.get("/x").want(t, 200, "0")
	_ = c.(wire).SetLinger(0)
	_ = c.Close()
	close(l.commit)
	r.eventually("it is seen", func() bool { return r.get("/x").body == "1" })
}
