package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
)

// What the origin of the ordeals says, before and after.
const (
	before = `{"v":1}`
	after  = `{"v":2}`
)

// question is what a client asks, and how it takes the answer. n is the number
// of a write.
type question struct {
	ask   func(r *rig, n int) outcome
	check func(outcome) error
	write bool // whose 2xx says that it arrived
}

// asking are the clients that ask, get an answer or an end, and are done.
func asking() map[string]question {
	send := func(method, path string, fields ...string) func(*rig, int) outcome {
		return func(r *rig, _ int) outcome { return r.pose(method, path, "", fields...) }
	}
	return map[string]question{
		"poll":        {send("GET", "/feed"), outcome.isSnapshot, false},
		"conditional": {send("GET", "/feed", "If-None-Match", `"x"`), outcome.isSnapshot, false},
		"longpoll":    {send("GET", "/feed", "Prefer", "wait=1"), outcome.isSnapshot, false},
		"EventSource": {send("GET", "/feed", "Accept", "text/event-stream"), outcome.isStream, false},
		"passed GET":  {send("GET", "/passed"), outcome.isPassed, false},
		"POST":        {func(r *rig, n int) outcome { return r.pose("POST", "/orders", order(n)) }, outcome.isPassed, true},
		"PUT":         {func(r *rig, n int) outcome { return r.pose("PUT", "/orders", order(n)) }, outcome.isPassed, true},
		"DELETE":      {func(r *rig, n int) outcome { return r.pose("DELETE", "/orders?"+order(n), "") }, outcome.isPassed, true},
		"large POST":  {func(r *rig, n int) outcome { return r.pose("POST", "/orders", order(n)+strings.Repeat(" ", 100_000)) }, outcome.isPassed, true},
		"old POST":    {(*rig).poseOld, outcome.isPassed, true},
		"message":     {(*rig).message, outcome.isTold, false},
	}
}

func order(n int) string { return fmt.Sprintf("order-%04d.", n) }

// outcome is how a question ended.
type outcome struct {
	status int
	kind   string
	body   string
	err    error // it was cut
	more   bool  // it was not over, and the client had enough
}

func (o outcome) String() string {
	return fmt.Sprintf("%d %s %.150q, %v", o.status, o.kind, o.body, o.err)
}

// enough is how much of an answer is read.
const enough = 512

func (r *rig) pose(method, path, body string, fields ...string) outcome {
	return r.poseRaw(method, requestText(method, path, r.addr, body, fields))
}

func (r *rig) poseRaw(method, text string) outcome {
	c, err := r.connect()
	if err != nil {
		return outcome{err: err}
	}
	defer c.Close()
	_, _ = io.WriteString(c, text) // an early answer may end it
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	for err == nil && resp.StatusCode < 200 { // interim
		resp, err = http.ReadResponse(br, &http.Request{Method: method})
	}
	if err != nil {
		return outcome{err: err}
	}
	o := outcome{status: resp.StatusCode, kind: resp.Header.Get("Content-Type")}
	if strings.HasPrefix(o.kind, "text/event-stream") {
		_ = c.SetReadDeadline(time.Now().Add(timeout / 10)) // it does not end by itself
	}
	read, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	o.body, o.err, o.more = string(read), err, len(read) == enough
	return o
}

// isSnapshot: who polls while the origin fails has the last good snapshot.
func (o outcome) isSnapshot() error {
	if o.err != nil || o.status != 200 || o.body != before && o.body != after && !o.isEndless() {
		return fmt.Errorf("not a snapshot: %s", o)
	}
	return nil
}

// isPassed: who is passed through gets what the origin says, or a visible end, or
// that there is none.
func (o outcome) isPassed() error {
	switch {
	case o.err != nil && (strings.HasPrefix(before, o.body) || strings.HasPrefix(after, o.body)):
		return nil // cut, and it shows
	case o.err == nil && o.status == 200 && (o.body == before || o.body == after || o.isEndless()):
		return nil
	case o.err == nil && o.status == 304 && o.body == "":
		return nil
	case o.err == nil && (o.status == 502 || o.status == 504) && o.kind == "application/problem+json":
		return nil
	case o.err == nil && o.status >= 429 && o.body == fmt.Sprintf("%d %s\n", o.status, http.StatusText(o.status)):
		return nil
	}
	return fmt.Errorf("neither an answer nor an end: %s", o)
}

// isStream: an EventSource always gets one, which holds nothing but versions and
// the feed's status.
func (o outcome) isStream() error {
	if o.status != 200 || !strings.HasPrefix(o.kind, "text/event-stream") {
		if o.isEndless() {
			return nil
		}
		return fmt.Errorf("no stream: %s", o)
	}
	for line := range strings.Lines(o.body) {
		if err := checkLine(strings.TrimRight(line, "\r\n")); err != nil {
			return err
		}
	}
	return nil
}

// isEndless: the answer was the endless one.
func (o outcome) isEndless() bool {
	return o.more && o.status == 200 && strings.HasPrefix(strings.Repeat(before, enough), o.body)
}

// isTold: who sends a message finds out if it may not have arrived.
func (o outcome) isTold() error { return o.err }

// poseOld is a write of a client that knows no chunks.
func (r *rig) poseOld(n int) outcome {
	body := order(n)
	return r.poseRaw("POST", fmt.Sprintf("POST /orders HTTP/1.0\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", r.addr, len(body), body))
}

// message sends a write over a WebSocket. It is over when the origin has it, or
// the socket is closed.
func (r *rig) message(n int) outcome {
	ws, _, err := r.handshake("/chat")
	if err != nil {
		return outcome{} // refused, which is an answer
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(order(n))); err != nil {
		return outcome{err: err}
	}
	closed := make(chan error, 1)
	go func() { closed <- readVersions(ws) }()
	for deadline := time.Now().Add(await.Patience); time.Now().Before(deadline); {
		select {
		case err := <-closed:
			if websocket.IsCloseError(err, websocket.CloseInternalServerErr, websocket.ClosePolicyViolation) {
				err = nil
			}
			return outcome{err: err}
		case <-time.After(5 * time.Millisecond):
			if r.arrived(order(n)) > 0 {
				return outcome{}
			}
		}
	}
	return outcome{err: errors.New("neither sent nor closed")}
}

// readVersions reads messages to the end of a socket, or up to one that is no
// version.
func readVersions(ws *websocket.Conn) error {
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		if text := string(data); text != before && text != after {
			return fmt.Errorf("message %q", data)
		}
	}
}

// arrived is how often the origin got a write.
func (r *rig) arrived(what string) (n int) {
	for _, request := range r.origin.Requests() {
		if strings.Contains(string(request.Body), what) || strings.Contains(request.Target, what) {
			n++
		}
	}
	return n
}

// checkLine wants of a line of a stream that it is framing, a version or the
// feed's status.
func checkLine(line string) error {
	text := strings.TrimPrefix(line, "data: ")
	switch {
	case text == before, text == after, strings.HasPrefix(text, `{"state":`):
		return nil
	case line == "", line[0] == ':', strings.HasPrefix(line, "--"):
		return nil
	}
	for _, framing := range []string{"id: ", "event: status", "retry: ", "Content-", "Date: ", "ETag: ", "Etag: ", "Last-Modified: ", "X-", "Age: "} {
		if strings.HasPrefix(line, framing) {
			return nil
		}
	}
	return fmt.Errorf("line %q", line)
}
