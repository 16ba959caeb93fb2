package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// observed is what the route found out.
func (r *rig) observed() ledger.Observed {
	r.t.Helper()
	o := r.stats().Observed
	if o == nil {
		r.t.Fatal("nothing is observed")
	}
	return *o
}

// answersBy makes the origin say what f says.
func (r *rig) answersBy(f func(req *legacy.Request) string, fields ...string) {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(fields); i += 2 {
		header.Add(fields[i], fields[i+1])
	}
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: header, Body: []byte(f(req))}
	})
}

// browsers are clients that differ in everything that browsers differ in.
func browsers(n int) (all [][]string) {
	for i := range n {
		all = append(all, []string{
			"Cookie", fmt.Sprintf("sid=session-of-user-%04d; _ga=GA1.%d; theme=%s", i, i, []string{"dark", "light"}[i%2]),
			"User-Agent", fmt.Sprintf("Browser/%d", i%3),
			"Accept-Language", []string{"en", "de", "fr", "pl", "cs"}[i%5],
			"Authorization", fmt.Sprintf("Bearer secret-of-user-%04d", i/2),
			"X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i%7),
			"X-Request-Id", strconv.Itoa(i),
		})
	}
	return all
}

// rounds lets each user ask so many times, one after the other.
func (r *rig) rounds(n int, users [][]string, path string) {
	r.t.Helper()
	for range n {
		for _, u := range users {
			r.get(path, u...)
		}
	}
}

func TestWhatSeparatesAnswersIsNamed(t *testing.T) {
	header := func(name string) func(*legacy.Request) string {
		return func(req *legacy.Request) string { return strconv.Quote(req.Header.Get(name)) }
	}
	none := func(int) string { return "" }
	for _, test := range []struct {
		name       string
		route      []string
		by         func(req *legacy.Request) string
		kind, want string
		query      func(i int) string
	}{
		{"cookie", []string{"share: public"}, func(req *legacy.Request) string {
			h, _ := req.HTTP()
			c, _ := h.Cookie("sid")
			return strconv.Quote(c.Value)
		}, "cookie", "sid", none},
		{"authorization", []string{"share: public"}, header("Authorization"), "header", "Authorization", none},
		{"user agent", []string{"share: public"}, header("User-Agent"), "header", "User-Agent", none},
		{"language", []string{"share: public"}, header("Accept-Language"), "header", "Accept-Language", none},
		{"address", []string{"share: public", "trusted_proxies: [127.0.0.0/8]"}, header("X-Forwarded-For"), "address", "client address", none},
		{"parameter", []string{"share: public", "key: {ignore_query: [u]}"}, func(req *legacy.Request) string { return strconv.Quote(req.Target) }, "query", "u", func(i int) string { return "?u=" + strconv.Itoa(i%4) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, append(test.route, "mode: observe", "interval: 1h")...)
			r.answersBy(test.by)
			for range 4 {
				for i, u := range browsers(11) {
					r.get("/x"+test.query(i), u...)
				}
			}
			o := r.observed()
			if o.Verdict != ledger.Differs || o.Differing == 0 || len(o.Separators) == 0 {
				t.Fatalf("%+v", o)
			}
			if best := o.Separators[0]; best.Kind != test.kind || best.Name != test.want || best.Explains != 1 {
				t.Errorf("found %+v", o.Separators)
			}
		})
	}
}

// conversations are requests of every kind, each on a connection of its own.
var conversations = []string{
	"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /x?wait=5&transport=sse&_=1 HTTP/1.1\r\nHost: x\r\nPrefer: wait=5\r\nIf-None-Match: \"a\"\r\nConnection: close\r\n\r\n",
	"GET /x HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nCookie: sid=1\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n",
	"GET /x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /x HTTP/1.0\r\nHost: x\r\n\r\n",
	"GET /chunked HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: close\r\n\r\n",
	"GET /chunked HTTP/1.0\r\nHost: x\r\n\r\n",
	"GET /large HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
	"GET /large HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
	"GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /same HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a\"\r\nConnection: close\r\n\r\n",
	"GET /private HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /cut HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /reset HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /a//b;c/../%2f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
	"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"OPTIONS /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
}

// talk has all conversations with a route in a mode, and returns what the clients
// and the origin got, but for what is another each time.
func talk(t *testing.T, route ...string) (clients, origin []string) {
	r := newRig(t, route...)
	header := func(fields ...string) http.Header {
		h := http.Header{"Date": {"Mon, 02 Jan 2006 15:04:05 GMT"}, "Content-Type": {"application/json"}}
		for i := 0; i < len(fields); i += 2 {
			h.Add(fields[i], fields[i+1])
		}
		return h
	}
	large := []byte(strings.Repeat("0123456789abcdef", 64<<10))
	r.origin.Answer(legacy.Answer{Header: header("ETag", `"b"`, "X-Odd_Name", "v"), Body: []byte(`{"v":1, "server_time": 5}`)})
	r.origin.Answer(legacy.Answer{Header: header(), Chunked: true, Trailer: http.Header{"X-Sum": {"1"}}, Body: large[:100]}, "/chunked")
	r.origin.Answer(legacy.Answer{Header: header("Content-Encoding", "gzip"), Body: large}, "/large")
	r.origin.Answer(legacy.Answer{Header: header(), Status: 204}, "/none")
	r.origin.Answer(legacy.Answer{Header: header("ETag", `"a"`), Status: 304}, "/same")
	r.origin.Answer(legacy.Answer{Header: header("Set-Cookie", "a=1", "Set-Cookie", "b=2", "Vary", "*", "Cache-Control", "private")}, "/private")
	r.origin.Answer(legacy.Answer{Header: header("WWW-Authenticate", "Basic"), Status: 401, Body: []byte("no")}, "/refused")
	r.origin.Break(legacy.CloseMidBody(3), "/cut")
	r.origin.Break(legacy.ResetBeforeHead(), "/reset")
	once, now := regexp.MustCompile(`pollmux-[0-9a-f]{8}`), regexp.MustCompile(`Date: \w+, \d+ \w+ 20[2-9]\d [^\r]*`)
	for _, text := range conversations {
		c := r.dial()
		_, _ = c.Write([]byte(text))
		var all bytes.Buffer
		_, err := io.Copy(&all, c)
		clients = append(clients, fmt.Sprintf("%s%v", now.ReplaceAll(all.Bytes(), []byte("Date: now")), err != nil))
	}
	for _, req := range r.origin.Requests() {
		origin = append(origin, once.ReplaceAllString(unnamed(string(req.Head)), "ID")+string(req.Body))
	}
	return clients, origin
}

func TestWhatIsObservedPassesByteForByte(t *testing.T) {
	clients, origin := talk(t, "mode: pass")
	for _, route := range [][]string{
		{"mode: observe"}, {"mode: observe", "share: public", "wait_query: wait", "transport_query: transport"},
		{"mode: observe", "ignore: [/server_time]", "serve: [poll]"}, {"mode: observe", "limits: {snapshot: 10, feeds: 1}"},
	} {
		seenByClients, seenByOrigin := talk(t, route...)
		for i := range conversations {
			if seenByClients[i] != clients[i] {
				t.Errorf("%v: %q is answered\n%.500q\nand passed\n%.500q", route, conversations[i], seenByClients[i], clients[i])
			}
		}
		for i := range max(len(origin), len(seenByOrigin)) {
			if len(origin) != len(seenByOrigin) || seenByOrigin[i] != origin[i] {
				t.Fatalf("%v: the origin got %d requests, and passed %d; number %d is the first that differs", route, len(seenByOrigin), len(origin), i)
			}
		}
	}
}

func TestAnOriginThatAnswersAllAlikeIsFoundSafe(t *testing.T) {
	r := newRig(t, "share: public", "mode: observe", "interval: 1h")
	r.rounds(20, browsers(11), "/x")
	o := r.settled(219)
	if o.Verdict != ledger.Same || o.Differing != 0 || o.Compared != 219 || o.Same != 219 || o.WouldSaveRequests != 219 {
		t.Errorf("%+v", o)
	}
}

func TestAnOriginThatChangesDoesNotDiffer(t *testing.T) {
	r := newRig(t, "share: public", "mode: observe", "interval: 100ms")
	began := time.Now()
	r.answersBy(func(*legacy.Request) string { return strconv.Itoa(int(time.Since(began) / (50 * time.Millisecond))) })
	var wait sync.WaitGroup
	for _, u := range browsers(8) {
		wait.Go(func() {
			for time.Since(began) < time.Second || r.stats().Observed.Verdict == ledger.Unknown && time.Since(began) < await.Patience {
				if _, err := r.try("GET", "/x", "", u...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	o := r.observed()
	if o.Differing != 0 || len(o.Separators) != 0 || o.Changed == 0 || o.Same == 0 || o.Verdict != ledger.Same {
		t.Errorf("%+v", o)
	}
}
