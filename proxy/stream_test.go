package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// stream is a held response that is read as it comes.
type stream struct {
	t    testing.TB
	conn net.Conn
	resp *http.Response
	body *bufio.Reader
}

func (r *rig) stream(path, accept string, fields ...string) *stream {
	r.t.Helper()
	c := r.dial()
	if _, err := io.WriteString(c, requestText("GET", path, r.addr, "", append([]string{"Accept", accept}, fields...))); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return &stream{t: r.t, conn: c, resp: resp, body: bufio.NewReader(resp.Body)}
}

// line returns the next line, without its end.
func (s *stream) line() string {
	s.t.Helper()
	line, err := s.body.ReadString('\n')
	if err != nil {
		s.t.Fatalf("after %q: %v", line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// event returns the lines of the next event that is no comment or retry.
func (s *stream) event() string {
	s.t.Helper()
	for {
		var lines []string
		for line := s.line(); line != ""; line = s.line() {
			if !strings.HasPrefix(line, ":") && !strings.HasPrefix(line, "retry:") && !strings.HasPrefix(line, "id:") {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			return strings.Join(lines, "\n")
		}
	}
}

func TestAnEventStreamDeliversSnapshots(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/scores", "text/event-stream")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
		"Vary": "Accept, Prefer, Accept-Encoding",
	} {
		if got := s.resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := s.event(); got != `data: {"v":1}` {
		t.Fatalf("got %q", got)
	}
	r.body("{\n\"v\":2}")
	if got := s.event(); got != "data: {\ndata: \"v\":2}" {
		t.Fatalf("got %q", got)
	}
	r.eventually("it is accounted for", func() bool { return r.stats().Deliveries == 2 })
	_ = s.conn.Close()
	r.eventually("it is gone", func() bool { return r.stats().Subscribers.SSE == 0 })
}

func TestAnEventStreamResumesByLastEventID(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/scores", "text/event-stream")
	var id string
	for id == "" {
		id, _ = strings.CutPrefix(s.line(), "id: ")
		if strings.HasPrefix(id, ":") || strings.HasPrefix(id, "retry") {
			id = ""
		}
	}
	for name, again := range map[string]*stream{
		"header": r.stream("/scores", "text/event-stream", "Last-Event-ID", id),
		"query":  r.stream("/scores?last_event_id="+id, "text/event-stream"),
	} {
		t.Run(name, func(t *testing.T) {
			r.eventually("two more", func() bool { return r.stats().Subscribers.SSE == 3 })
			_ = again
		})
	}
	fresh := r.stream("/scores", "text/event-stream", "Last-Event-ID", "unknown-0")
	if got := fresh.event(); got != `data: {"v":1}` {
		t.Fatalf("an unknown ID: %q", got)
	}
	resumed := r.stream("/scores", "text/event-stream", "Last-Event-ID", id)
	r.body(`{"v":2}`)
	if got := resumed.event(); got != `data: {"v":2}` {
		t.Fatalf("the first event was %q", got)
	}
	for _, request := range r.origin.Requests() {
		if request.Target != "/scores" {
			t.Errorf("the origin was asked for %s", request.Target)
		}
	}
}

func TestNDJSONDeliversALinePerSnapshot(t *testing.T) {
	for _, accept := range []string{"application/x-ndjson", "application/jsonl"} { // it is answered as it was called
		r := newRig(t, "interval: 10ms")
		r.body("{\n  \"v\": 1\n}")
		s := r.stream("/scores", accept)
		if got := s.resp.Header.Get("Content-Type"); got != accept {
			t.Errorf("Content-Type %q", got)
		}
		if got := s.line(); got != `{"v":1}` {
			t.Fatalf("got %q", got)
		}
		r.body(`{"v":2}`)
		if got := s.line(); got != `{"v":2}` {
			t.Fatalf("got %q", got)
		}
	}
}

func TestMultipartDeliversAPartPerSnapshotOfAnyType(t *testing.T) {
	for _, accept := range []string{"multipart/x-mixed-replace", "multipart/mixed"} {
		r := newRig(t, "interval: 10ms")
		answer := legacy.Answer{Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("\xff\xd8one\r\n--x")}
		r.origin.Answer(answer)
		s := r.stream("/camera.jpg", accept)
		kind := s.resp.Header.Get("Content-Type")
		if !strings.HasPrefix(kind, accept+"; boundary=") {
			t.Fatalf("Content-Type %q", kind)
		}
		_, boundary, _ := strings.Cut(kind, "boundary=")
		s.part(boundary, string(answer.Body))
		answer.Body = []byte("\xff\xd8two")
		r.origin.Answer(answer)
		s.part(boundary, string(answer.Body))
	}
}

// part reads a part by its Content-Length.
func (s *stream) part(boundary, want string) {
	s.t.Helper()
	line := s.line()
	for line == "\r" {
		line = s.line()
	}
	if line != "--"+boundary+"\r" {
		s.t.Fatalf("delimiter %q", line)
	}
	size := -1
	for line = s.line(); line != "\r"; line = s.line() {
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(s.body, body); err != nil || string(body) != want {
		s.t.Fatalf("part %q, want %q, %v", body, want, err)
	}
}

func TestATransportThatIsNotServedIsRefused(t *testing.T) {
	for _, test := range []struct {
		serve  string
		fields []string
		status int
	}{
		{"[poll]", []string{"Accept", "text/event-stream"}, 406},
		{"[poll]", []string{"Accept", "application/x-ndjson"}, 406},
		{"[poll]", []string{"Accept", "multipart/mixed"}, 406},
		{"[poll]", []string{"Accept", "text/event-stream, application/json;q=0.5"}, 200},
		{"[poll]", []string{"Prefer", "wait=5"}, 406},
		{"[sse]", nil, 406},
		{"[sse]", []string{"Prefer", "wait=5"}, 406},
		{"[poll]", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, 426},
	} {
		r := newRig(t, "serve: "+test.serve)
		a := r.get("/scores", test.fields...)
		if a.StatusCode != test.status || a.Header.Get("Vary") != "Accept, Prefer, Accept-Encoding" {
			t.Errorf("%s %v: %d, %v", test.serve, test.fields, a.StatusCode, a.Header)
		}
		if kind := a.Header.Get("Content-Type"); a.StatusCode != 200 && kind != "application/problem+json" {
			t.Errorf("%s %v: %s", test.serve, test.fields, kind)
		}
	}
}

func TestASnapshotThatCannotBeToldIsRefused(t *testing.T) {
	r := newRig(t)
	r.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("\xff\xd8\xff")})
	r.get("/camera.jpg", "Accept", "text/event-stream").want(t, 406, r.get("/camera.jpg", "Accept", "text/event-stream").body)
	if a := r.get("/camera.jpg", "Accept", "application/x-ndjson"); a.StatusCode != 406 {
		t.Errorf("NDJSON: %d", a.StatusCode)
	}
}

func TestTransportQueryAsksForATransportAndIsNotPartOfTheKey(t *testing.T) {
	r := newRig(t, "interval: 1h", "transport_query: as", "serve: [poll, longpoll, multipart, sse]")
	for as, want := range map[string]string{"sse": "text/event-stream", "multipart": "multipart/x-mixed-replace; boundary="} {
		s := r.stream("/camera?size=1&as="+as, "image/avif,image/*,*/*;q=0.8")
		if got := s.resp.Header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", as, got)
		}
	}
	r.get("/camera?as=poll&size=1", "Accept", "text/event-stream").want(t, 200, `{"v":1}`)
	r.get("/camera?as=longpoll&size=1").want(t, 200, `{"v":1}`)
	for _, as := range []string{"ndjson", "websocket", "pass", "", "bogus"} {
		if a := r.get("/camera?size=1&as=" + as); a.StatusCode != 406 {
			t.Errorf("%q: %d", as, a.StatusCode)
		}
	}
	for _, request := range r.origin.Requests() {
		if request.Target != "/camera?size=1" {
			t.Errorf("the origin was asked for %s", request.Target)
		}
	}
}

func TestHTTP10ClientsGetAStreamThatEndsWithTheConnection(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	c := r.dial()
	if _, err := fmt.Fprintf(c, "GET /scores HTTP/1.0\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(c)
	var head strings.Builder
	for line := "x"; line != "\r\n"; {
		var err error
		if line, err = br.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		head.WriteString(line)
	}
	if strings.Contains(head.String(), "Transfer-Encoding") {
		t.Errorf("chunked to HTTP/1.0:\n%s", head.String())
	}
	s := &stream{t: t, conn: c, body: br}
	if got := s.event(); got != `data: {"v":1}` {
		t.Fatalf("got %q", got)
	}
}
