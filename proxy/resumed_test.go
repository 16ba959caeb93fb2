package proxy

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/strict"
)

// resumedFrom are the ways in which a connection of a long poll comes back to the
// server with bytes that were read from it already: while its client waits, and when
// it was answered.
var resumedFrom = map[string]func(*asker){
	"held":    func(a *asker) { a.ask(); a.waits(1) },
	"resting": func(a *asker) { a.once(`{"v":2}`) },
}

// What is said behind a long poll is read as strictly as what is said in front of it.
func TestWhatIsSentBehindALongPollIsFollowed(t *testing.T) {
	for when, until := range resumedFrom {
		for behind, want := range map[string]string{
			"GET /y HTTP/1.1\nHost: x\r\n\r\n": "HTTP/1.1 400 ",
			"POST /y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;\x01\r\nabc\r\n0\r\n\r\n":  "HTTP/1.1 400 ",
			"POST /y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\n\r\n": "HTTP/1.1 400 ",
			"GET /y HTTP/1.1\r\nHost: x\r\n\r\n": "HTTP/1.1 200 ",
		} {
			r := newRig(t, "interval: 10ms")
			a := newAsker(r, "/x")
			until(a)
			_, _ = io.WriteString(a.conn, behind)
			if when == "held" {
				a.hear().want(t, 304, "")
			}
			line, _ := a.reader.ReadString('\n')
			if !strings.HasPrefix(line, want) {
				t.Errorf("%s, %q: %q, want %q", when, behind, line, want)
			}
		}
	}
}

// A request that comes while a long poll is held ends that, and is answered then.
func TestARequestBehindALongPollIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	a := newAsker(r, "/x")
	a.ask()
	a.waits(1)
	since := time.Now()
	_, _ = io.WriteString(a.conn, r.text("/y"))
	a.hear().want(t, 304, "")
	a.hear().want(t, 200, `{"v":1}`)
	if took := time.Since(since); took > restTime/2 {
		t.Errorf("after %v", took)
	}
}

// The body of a request whose head came while a long poll had the connection is a
// body, whatever it looks like, and ends where it says.
func TestAWriteBehindALongPollArrivesHoweverItIsCut(t *testing.T) {
	const bodyText = "{\n\"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
	head := fmt.Sprintf("POST /y HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(bodyText))
	text := head + bodyText
	for when, until := range resumedFrom {
		for _, cut := range []int{1, 9, len(head) - 1, len(head), len(head) + 1, len(head) + 7, len(text) - 1} {
			r := newRig(t, "interval: 10ms")
			a := newAsker(r, "/x")
			until(a)
			_, _ = io.WriteString(a.conn, text[:cut])
			if when == "held" {
				a.hear().want(t, 304, "")
			}
			r.eventually("the connection is given back", func() bool { return !a.rests() })
			_, _ = io.WriteString(a.conn, text[cut:]+"GET /z HTTP/1.1\nHost: x\r\n\r\n")
			a.hear()
			if line, _ := a.reader.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 400 ") {
				t.Errorf("%s, cut at %d: what comes behind the body is answered with %q", when, cut, line)
			}
			all := r.requestsTo("/y")
			if len(all) != 1 {
				t.Fatalf("%s, cut at %d: %d requests", when, cut, len(all))
			}
			got, err := strict.All(string(all[0].Head) + string(all[0].Body))
			if err != nil || len(got) != 1 || got[0].Body != bodyText {
				t.Errorf("%s, cut at %d: %v, %v", when, cut, got, err)
			}
		}
	}
}

// Requests that came in one go with a long poll, more than is handed on at once, are
// answered in their order, and in front of what comes later.
func TestRequestsBehindALongPollKeepTheirOrder(t *testing.T) {
	for name, extra := range map[string][]string{"upgrade": {"Upgrade", "h2c"}, "small buffer": {"X-Pad", strings.Repeat("p", 600)}} {
		r := newRig(t, "interval: 10ms", "limits: {request_header: 1KiB}")
		tag := r.get("/x", extra...).Header.Get("ETag")
		a := &asker{rig: r, path: "/x", fields: append([]string{"Prefer", "wait=60", "If-None-Match", tag}, extra...)}
		c := r.dial()
		first := a.request() + "GET /first HTTP/1.1\r\nHost: x\r\nX-Pad: " + strings.Repeat("p", 600) + "\r\n\r\n"
		_, _ = io.WriteString(c, first)
		r.pause()
		_, _ = io.WriteString(c, "GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		_, _ = io.ReadAll(c)
		var order []string
		for _, request := range r.origin.Requests() {
			if request.Path != "/x" {
				order = append(order, request.Path)
			}
		}
		if fmt.Sprint(order) != "[/first /second]" {
			t.Errorf("%s: %v", name, order)
		}
	}
}

// pause has the proxy serve others for a while.
func (r *rig) pause() {
	for range 20 {
		r.get("/x")
	}
}
