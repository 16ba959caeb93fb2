package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// asker is a client that long polls on one connection.
type asker struct {
	*rig
	conn   net.Conn
	reader *bufio.Reader
	path   string
	fields []string
	tag    string
}

// newAsker has got what there is.
func newAsker(r *rig, path string, fields ...string) *asker {
	r.t.Helper()
	c := r.dial()
	a := &asker{rig: r, conn: c, reader: bufio.NewReader(c), path: path, fields: append([]string{"Prefer", "wait=60"}, fields...)}
	a.ask()
	if got := a.hear(); got.StatusCode != 200 {
		r.t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	return a
}

// request is what it asks next.
func (a *asker) request(more ...string) string {
	fields := append(append([]string{}, a.fields...), more...)
	if a.tag != "" {
		fields = append(fields, "If-None-Match", a.tag)
	}
	return requestText("GET", a.path, a.addr, "", fields)
}

func (a *asker) ask(more ...string) {
	a.t.Helper()
	if _, err := io.WriteString(a.conn, a.request(more...)); err != nil {
		a.t.Fatal(err)
	}
}

// hear reads the answer.
func (a *asker) hear() reply {
	a.t.Helper()
	got, err := readReply(a.reader, "GET")
	if err != nil {
		a.t.Fatal(err)
	}
	if tag := got.Header.Get("ETag"); tag != "" {
		a.tag = tag
	}
	return got
}

// waits waits until so many are held.
func (a *asker) waits(held int64) {
	a.t.Helper()
	a.eventually(fmt.Sprintf("%d are held", held), func() bool { return a.stats().Subscribers.Longpoll == held })
}

// rests reports whether its connection was not given back to the server.
func (a *asker) rests() bool {
	g := a.proxy.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.served.Len() == 0
}

// once has it wait and be answered.
func (a *asker) once(body string) {
	a.t.Helper()
	a.ask()
	a.waits(1)
	a.body(body)
	a.hear().want(a.t, 200, body)
	a.waits(0)
}

func TestALongPollIsAskedAgainWhereItIs(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 10ms")
	a := newAsker(r, "/x?b=1", "Cookie", "sid=alice", "X-Whatever", "1")
	for version := range 5 {
		a.once(fmt.Sprintf(`{"again":%d}`, version))
		if reparks && !a.rests() {
			t.Fatalf("version %d: the connection was given back", version)
		}
	}
	if got := r.stats().ClientRequests.Longpoll; got != 6 {
		t.Errorf("%d long polls are counted", got)
	}
}

// Between its questions a client is no subscriber: nothing is polled for it, and it
// takes nobody's place.
func TestAClientThatRestsCostsTheOriginNothing(t *testing.T) {
	r := newRig(t, "interval: 10ms", "limits: {subscribers: 1}")
	a := newAsker(r, "/x")
	a.once(`{"v":2}`)
	r.get("/y", "Prefer", "wait=1", "If-None-Match", r.get("/y").Header.Get("ETag")).want(t, 304, "")
	a.waits(0) // a place is free a moment after the answer
	before := len(r.requestsTo("/x"))
	for range 20 {
		r.get("/y") // time passes
	}
	if after := len(r.requestsTo("/x")); after > before+1 {
		t.Errorf("%d polls for nobody", after-before)
	}
	// And its place may be taken when it asks again: it is answered like anybody.
	r.stream("/y", "text/event-stream")
	a.ask()
	if got := a.hear(); got.StatusCode != 304 || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

// What is not the very same question, byte for byte, takes the whole way.
func TestAnotherQuestionTakesTheWholeWay(t *testing.T) {
	for name, next := range map[string]struct {
		ask    func(a *asker) string
		status int
		body   string
	}{
		"of somebody else":      {func(a *asker) string { a.fields[3] = "sid=mallory"; return a.request() }, 200, "mallory"},
		"of nobody":             {func(a *asker) string { a.fields = a.fields[:2]; return a.request() }, 200, "nobody"},
		"for something else":    {func(a *asker) string { a.path = "/other"; a.tag = ""; return a.request() }, 200, "alice"},
		"with no tag":           {func(a *asker) string { a.tag = ""; return a.request() }, 200, "alice"},
		"with an old tag":       {func(a *asker) string { a.tag = `"old"`; return a.request() }, 200, "alice"},
		"without patience":      {func(a *asker) string { a.fields[1] = "wait=1"; return a.request() }, 304, ""},
		"with another method":   {func(a *asker) string { return strings.Replace(a.request(), "GET", "POST", 1) }, 204, ""},
		"and another behind it": {func(a *asker) string { return a.request() + requestText("GET", "/other", a.addr, "", nil) }, 304, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, change := whoIsWho(t)
			a := newAsker(r, "/x", "Cookie", "sid=alice")
			a.ask()
			a.waits(1)
			change()
			a.hear()
			if _, err := io.WriteString(a.conn, next.ask(a)); err != nil {
				t.Fatal(err)
			}
			got := a.hear()
			if got.StatusCode != next.status || !strings.Contains(got.body, next.body) {
				t.Errorf("%d %q", got.StatusCode, got.body)
			}
			if name == "and another behind it" {
				if got := a.hear(); !strings.Contains(got.body, "nobody") {
					t.Errorf("behind it: %d %q", got.StatusCode, got.body)
				}
			}
		})
	}
}

func TestAQuestionThatComesInPiecesIsAnswered(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	a := newAsker(r, "/x")
	a.once(`{"v":2}`)
	text := a.request()
	_, _ = io.WriteString(a.conn, text[:20])
	r.eventually("the connection is given back", func() bool { return !a.rests() })
	_, _ = io.WriteString(a.conn, text[20:])
	a.waits(1)
	r.body(`{"v":3}`)
	a.hear().want(t, 200, `{"v":3}`)
	a.waits(0)
	a.once(`{"v":4}`)
}

// What is learned of a resource while a client rests holds for its next question.
func TestWhatChangedWhileAClientRestsIsLookedAt(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	a := newAsker(r, "/x", "X-Team", "red")
	a.once(`{"v":2}`)
	r.body(`{"v":"red"}`, "Vary", "X-Team")
	r.eventually("the origin's Vary is known", func() bool {
		return strings.Contains(r.get("/x", "X-Team", "blue").Header.Get("Vary"), "X-Team")
	})
	a.ask()
	a.hear().want(t, 200, `{"v":"red"}`)

	b := newAsker(r, "/y")
	b.once(`{"v":3}`)
	r.body(`{"v":"private"}`, "Cache-Control", "private")
	r.eventually("the answers are private", func() bool { return r.get("/y").Header.Get("Cache-Control") == "private" })
	b.ask()
	if got := b.hear().want(t, 200, `{"v":"private"}`); strings.Contains(got.Header.Get("Cache-Status"), "hit") {
		t.Errorf("Cache-Status %s", got.Header.Get("Cache-Status"))
	}
}

// A client hears of its own write, although it rested meanwhile.
func TestAWriteWhileAClientRestsIsSeen(t *testing.T) {
	r := newRig(t, "interval: 1h", `refresh_on: [{method: POST, path: "/**"}]`)
	r.origin.AnswerFunc(legacy.FromHandler(newNotebook()))
	a := newAsker(r, "/note")
	for version := range 3 {
		text := fmt.Sprintf(`"%d"`, version)
		a.ask()
		a.waits(1)
		r.do("POST", "/note", text).want(t, 204, "")
		a.hear().want(t, 200, text)
		a.waits(0)
	}
	r.do("POST", "/note", `"while it rests"`).want(t, 204, "")
	a.ask()
	a.hear().want(t, 200, `"while it rests"`)
}

// A client that has logged out meanwhile is told so, and does not wait for more of
// what it had.
func TestALogoutWhileAClientRestsIsSeen(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 1h")
	var version, over atomic.Int64
	r.origin.AnswerFunc(legacy.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/logout":
			over.Store(1)
			w.Header().Set("Set-Cookie", "sid=; Max-Age=0")
		case req.Method == http.MethodPost:
			version.Add(1)
		case over.Load() == 1:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			fmt.Fprintf(w, "%d", version.Load())
		}
	})))
	alice := []string{"Cookie", "sid=alice"}
	a := newAsker(r, "/x", alice...)
	a.ask()
	a.waits(1)
	r.do("POST", "/x", "1", alice...)
	a.hear().want(t, 200, "1")
	a.waits(0)
	r.eventually("only it is left, and rests", func() bool { return !reparks || a.rests() })
	r.do("POST", "/logout", "1", alice...)
	a.ask()
	a.hear().want(t, 401, "")
}

// The host of an absolute target is not that of the same question as a path.
func TestAQuestionToAnotherHostTakesTheWholeWay(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	var version atomic.Int64
	r.origin.AnswerFunc(legacy.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		fmt.Fprintf(w, "%s %d", req.Host, version.Load())
	})))
	a := newAsker(r, "http://one/x")
	a.ask()
	a.waits(1)
	version.Add(1)
	a.hear().want(t, 200, "one 1")
	a.waits(0)
	a.path = "/x"
	a.ask()
	a.hear().want(t, 200, a.addr+" 1")
}

func TestADrainEndsWhoRests(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	a := newAsker(r, "/x")
	a.once(`{"v":2}`)
	ctx, cancel := context.WithTimeout(context.Background(), await.Patience)
	defer cancel()
	if err := r.proxy.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if _, err := a.reader.ReadByte(); err != io.EOF {
		t.Errorf("%v", err)
	}
}

// Where clients are let in first, or charged by what each request says, every
// request takes the whole way.
func TestWhoIsLookedAtEachTimeDoesNotRest(t *testing.T) {
	for name, lines := range map[string][]string{
		"let in first":     {"interval: 10ms", "share: authorize", "credential_headers: [X-Who]"},
		"behind a proxy":   {"interval: 10ms", "limits: {connections_per_ip: 100}", "trusted_proxies: [127.0.0.0/8]"},
		"asks for no copy": {"interval: 10ms"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, lines...)
			fields := []string{"X-Who", "alice", "X-Forwarded-For", "192.0.2.1"}
			if name == "asks for no copy" {
				fields = append(fields, "Cache-Control", "no-cache")
			}
			a := newAsker(r, "/x", fields...)
			a.once(`{"v":2}`)
			r.eventually("the connection is given back", func() bool { return !a.rests() })
			a.once(`{"v":3}`)
		})
	}
}

// whoIsWho is an origin that tells each what it says about itself, and how often it
// was told to say something else.
func whoIsWho(t *testing.T) (r *rig, change func()) {
	t.Helper()
	var version atomic.Int64
	r = newRig(t, "interval: 10ms", "share: auto")
	r.origin.AnswerFunc(legacy.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		who := "nobody"
		if c, err := req.Cookie("sid"); err == nil {
			who = c.Value
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"%s":%d,"%s":0}`, who, version.Load(), req.URL.Path)
	})))
	return r, func() { version.Add(1) }
}
