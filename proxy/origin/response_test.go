package origin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAnAnswerIsWholeIfItsBodyCameWithItsHead(t *testing.T) {
	for name, c := range map[string]struct {
		wire  string
		whole bool
	}{
		"no body":                 {"HTTP/1.1 204 No Content\r\n\r\n", true},
		"length 0":                {ok + "Content-Length: 0\r\n\r\n", true},
		"sized":                   {ok + "Content-Length: 5\r\n\r\nhello", true},
		"sized, with more behind": {ok + "Content-Length: 5\r\n\r\nhello!", true},
		"sized, cut":              {ok + "Content-Length: 5\r\n\r\nhell", false},
		"chunked":                 {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x\r\nyou\r\n0\r\n\r\n", true},
		"chunked, cut":            {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", false},
		"chunked, ends in a data": {ok + "Transfer-Encoding: chunked\r\n\r\n10\r\nhello\r\n0\r\n\r\n", false},
		"chunked, with a trailer": {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", false},
		"to the end":              {ok + "\r\nhello", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain(""))
			r.Break(legacy.Raw([]byte(c.wire)))
			resp, err := r.client.Do(soon(t), get("/"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.Whole(); got != c.whole {
				t.Errorf("whole %v", got)
			}
		})
	}
}

func TestAnErrorTellsWhetherTheRequestHasLeft(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	r := newRig(t, plain("hello"))
	r.Break(legacy.ResetBeforeHead(), "/reset")
	r.Break(legacy.HangBeforeHead(nil), "/hang")
	nobody := NewClient(parseURL(t, "http://"+gone.Addr().String()), nil)
	slow := get("/hang")
	slow.Timeout = 50 * time.Millisecond
	for name, c := range map[string]struct {
		client *Client
		ctx    context.Context
		req    *Request
		unsent bool
	}{
		"nobody there":          {nobody, soon(t), get("/"), true},
		"the context has ended": {r.client, ended, get("/"), true},
		"no body to send":       {r.client, soon(t), post("/", iotest.ErrReader(io.ErrUnexpectedEOF), 5), true},
		"reset":                 {r.client, soon(t), get("/reset"), false},
		"timeout":               {r.client, soon(t), slow, false},
	} {
		resp, err := c.client.Do(c.ctx, c.req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil || Unsent(err) != c.unsent {
			t.Errorf("%s: %v, unsent %v", name, err, Unsent(err))
		}
	}
}

// A safe request that was sent on a connection which the server then closed is
// tried again: that nobody is there any more does not mean that it never left.
func TestARepeatedRequestThatFindsNobodyHasLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := NewClient(parseURL(t, "http://"+l.Addr().String()), nil)
	served := make(chan error, 1)
	go func() { served <- serveOnce(l) }()
	for _, wanted := range []error{nil, ErrUnreachable} {
		resp, err := client.Do(soon(t), safe("/"))
		if !errors.Is(err, wanted) || Unsent(err) {
			t.Errorf("%v, unsent %v; want %v", err, Unsent(err), wanted)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// serveOnce answers one request, and is gone after the next.
func serveOnce(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	br := bufio.NewReader(c)
	if _, err := http.ReadRequest(br); err != nil {
		return err
	}
	_, _ = io.WriteString(c, ok+"Content-Length: 0\r\n\r\n")
	if _, err := http.ReadRequest(br); err != nil {
		return err
	}
	return l.Close()
}
