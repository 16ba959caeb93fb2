package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// pollFor is the poll that the first request for a path caused, with the path
// taken out.
func (r *rig) pollFor(path string) string {
	r.t.Helper()
	requests := r.requestsTo(path)
	if len(requests) == 0 {
		return ""
	}
	return strings.ReplaceAll(string(requests[0].Head), path, "/x")
}

// L-8: what is not in the key changes no byte of a poll, and makes no other one.
func TestUnkeyedInputs(t *testing.T) {
	const host = "api.example.com"
	r := newRigNamed(t, host)
	send := func(line, host, lines string) string {
		return r.raw(line + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + lines + "\r\n")
	}
	send("GET /x", host, "")
	want := r.pollFor("/x")

	names := slices.Concat(head.Names(head.Harmless), head.Names(head.Forwarding), []string{
		"Accept-Encoding", "Accept-Language", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-None", "Cache-Control",
		"Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-CH-UA", "Sec-GPC", "Sec-Purpose", "TE", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization",
		"X-B3-TraceId", "X-Datadog-Trace-Id", "Sec-WebSocket-Key", "Last-Event-ID", "HTTP2-Settings", "Trailer", "X_Forwarded_For", "USER_AGENT",
	})
	if len(names) < 80 {
		t.Fatalf("%d names", len(names))
	}
	same := map[string][3]string{} // by what is done: request line, host, lines
	for i, name := range names {
		path := fmt.Sprintf("/n%d", i)
		same[name] = [3]string{"GET " + path, host, name + ": canary\r\n"}
	}
	for what, request := range map[string][3]string{
		"a port":               {"GET /p1", host + ":8080", ""},
		"another case of host": {"GET /p2", "API.Example.COM", ""},
		"a final dot":          {"GET /p3", host + ".", ""},
		"another host":         {"GET /p4", "canary.example", ""},
		"absolute form":        {"GET http://canary.example/p5", host, ""},
		"absolute with a port": {"GET http://canary.example:81/p6", host, ""},
		"a scheme in capitals": {"GET HTTP://" + host + "/p7", host, ""},
		"a cache buster":       {"GET /p8?_=canary", host, ""},
		"an analytics cookie":  {"GET /p9", host, "Cookie: _ga=canary\r\n"},
		"an empty body":        {"GET /pa", host, "Content-Length: 0\r\n"},
		"several":              {"GET /pb", host + ":1", "Via: 1.1 canary\r\nReferer: canary\r\nDNT: canary\r\n"},
		"another version":      {"GET /pc", host, "Connection: close\r\n"},
	} {
		same[what] = request
	}
	for what, request := range same {
		path := request[0][strings.LastIndexByte(request[0], '/'):]
		path, _, _ = strings.Cut(path, "?")
		send(request[0], request[1], request[2])
		if got := r.pollFor(path); got != want {
			t.Errorf("%s is on the wire:\n%q\nwant\n%q", what, got, want)
		}
		send("GET "+path, host, "")
		if n := len(r.requestsTo(path)); n != 1 {
			t.Errorf("%s is in the key: %d requests", what, n)
		}
	}
	// What has a body, or a user in its target, is no poll at all.
	for i, request := range []string{"GET /b%d HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\ncanary", "GET http://canary:pw@a/b%d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b%d HTTP/1.1\r\nHost: canary:pw@a\r\n\r\n"} {
		r.raw(fmt.Sprintf(request, i))
		r.raw(fmt.Sprintf("GET /b%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", i))
		for _, got := range r.requestsTo(fmt.Sprintf("/b%d", i)) {
			if strings.Contains(string(got.Head), "Authorization") || strings.Contains(string(got.Head), "canary:") {
				t.Errorf("%q became\n%s", request, got.Head)
			}
		}
	}
}

// newRigNamed is a rig whose origin is always called by one name.
func newRigNamed(t *testing.T, host string) *rig {
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("v")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	yaml := routeYAML(origin.URL(), []string{"interval: 1h"})
	return newRigFor(t, origin, strings.Replace(yaml, "    timeout:", "    host: "+host+"\n    timeout:", 1))
}

// L-9: what is asked for is what is keyed is what is sent, byte for byte.
func TestKeyIsWire(t *testing.T) {
	r := newRig(t, "interval: 1h", "key: {ignore_query: []}")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"X-Target": {fmt.Sprintf("%q", x.Target)}}, Body: []byte("v")}
	})
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"a", "B", "/", "//", ".", "..", "%2f", "%2F", "%41", "%", "%zz", "%00", "?", "&", "=", ";", "+", "#", "~", "*", "'", "(", ":", "@", "!", "$", ",", "[", "\\", "\xe4", "|", "^", "_", "%0d%0a", "utm_source=x", "_=1"}
	c := r.dial()
	br := bufio.NewReader(c)
	asked := 0
	for range 3000 {
		target := "/" + fmt.Sprint(random.IntN(50))
		for range random.IntN(6) {
			target += pieces[random.IntN(len(pieces))]
		}
		if _, err := io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		a, err := readReply(br, "GET")
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		switch {
		case a.StatusCode == 200 && a.Header.Get("X-Target") == fmt.Sprintf("%q", target):
			asked++
		case a.StatusCode == 400:
			c = r.dial()
			br = bufio.NewReader(c)
		default:
			t.Errorf("%q was answered %d, for %s", target, a.StatusCode, a.Header.Get("X-Target"))
		}
	}
	if asked < 1500 || r.stats().SavedRequestsMeasured == 0 {
		t.Errorf("%d of the targets were answered: this shows little", asked)
	}
}

// L-10: nothing but the path of a route is answered from its snapshots, whatever
// an origin or a cache might take for the same.
func TestDeception(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	yaml := strings.Replace(routeYAML(origin.URL(), []string{"interval: 1h"}), "path: /**", "path: /api/x", 1) +
		"  - {path: /**, name: rest, upstream: api, mode: pass}\n"
	c := &multitude{rig: newRigFor(t, origin, yaml), heard: map[*user]int{}}
	origin.AnswerFunc(change(saying("Cache-Control", "public, max-age=3600")).mirror)
	lures := []string{
		"/api/x/a.css", "/api/x;a.css", "/api/x%2fa.css", "/api/x%00.js", "/api/x%3f.css", "/static/..%2fapi/x", "//api/x", "/api/./x", "/API/x",
		"/api/x/", "/api/x%20", "/api/x%0a", "/api//x", "/api/x/.", "/api/x/..", "/x/../api/x", "/api%2fx", "/%61pi/x", "/api/x.", "/api/x.json", "/api/x%23", "/api/x\\a.css", "/api/x%5ca.css", "/api/x,a.css", "/api/x:a.css", "/api/x!a.css", "/api/x$a.css", "/api/x@a.css",
	}
	for _, path := range append(lures, "/api/x") {
		for range 2 {
			c.all(2, func(u *user) {
				heard := c.say(u, path, c.request("GET "+path, u.credentials(carriers[0])))
				if path != "/api/x" && bytes.Contains(heard, []byte("pollmux; hit")) {
					t.Errorf("%s is answered from a snapshot: %q", path, heard)
				}
			})
		}
		if n := c.proxy.Feeds().Len(); path != "/api/x" && n != 0 {
			t.Errorf("%s made a feed", path)
		}
	}
	if n := c.proxy.Feeds().Len(); n != len(users) {
		t.Errorf("%d feeds", n)
	}
	c.heardThemselves(len(lures))
}

// L-11: a slice of a resource is for whoever asked for it.
func TestRange(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body("0123456789", "ETag", `"a"`)
	r.get("/x").want(t, 200, "0123456789")
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "%d-9,", i%9)
	}
	part := legacy.Answer{Status: 206, Header: http.Header{"Content-Range": {"bytes 0-0/10"}}, Body: []byte("0")}
	for _, fields := range [][]string{
		{"Range", "bytes=0-0"}, {"Range", "bytes=-1"}, {"Range", "bytes=0-0,2-2"}, {"Range", "bytes=" + many.String() + "9-"}, {"Range", "lines=1-2"}, {"Range", "x"},
		{"Range", "bytes=0-0", "If-Range", `"a"`}, {"Range", "bytes=0-0", "If-Range", `W/"a"`}, {"Range", "bytes=0-0", "If-Range", `"b"`}, {"Range", "bytes=0-0", "Accept", "text/event-stream"},
		{"Range", "bytes=0-0", "Prefer", "wait=1", "If-None-Match", `"a"`}, {"If-Range", `"a"`},
	} {
		r.origin.Answer(part)
		if a := r.get("/x", fields...); a.StatusCode != 206 || a.body != "0" || a.Header.Get("Content-Range") != "bytes 0-0/10" {
			t.Errorf("%v: %d %q", fields, a.StatusCode, a.body)
		}
		r.get("/x").want(t, 200, "0123456789")
	}
	// A part that nobody asked for is nobody else's.
	r.origin.Answer(part)
	for range 3 {
		if a := r.get("/y"); a.StatusCode != 206 || !strings.Contains(a.Header.Get("Cache-Status"), "fwd=bypass") {
			t.Errorf("%d %v", a.StatusCode, a.Header)
		}
	}
	if s := r.stats().UpstreamRequests; s.Poll != 2 {
		t.Errorf("%+v", s)
	}
	for _, request := range r.origin.Requests() {
		if bytes.Contains(request.Head, []byte("pollmux/test")) && request.Header.Get("Range")+request.Header.Get("If-Range") != "" {
			t.Errorf("a poll for a part:\n%s", request.Head)
		}
	}
}

// L-12 and H-18: the answer to a HEAD is a head, and the next one begins there.
func TestHead(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for _, fields := range [][]string{nil, {"Accept", "text/event-stream"}, {"Accept", "application/x-ndjson"}, {"Prefer", "wait=1", "If-None-Match", "*"}} {
		path := fmt.Sprintf("/%d", len(fields)) + strings.Join(fields, "")[:min(len(fields), 8)]
		for _, before := range []bool{true, false} { // the snapshot is there
			c := r.dial()
			br := bufio.NewReader(c)
			for i := range 6 {
				method := "HEAD"
				if i%2 == 1 {
					method = "GET"
				}
				extra := fields
				if method == "GET" {
					extra = nil
				}
				_, _ = io.WriteString(c, requestText(method, path, r.addr, "", extra))
				a, err := readReply(br, method)
				if err != nil || a.StatusCode != 200 && a.StatusCode != 304 || method == "GET" && a.body != `{"v":1}` || method == "HEAD" && a.body != "" {
					t.Fatalf("%v %s %d: %d %q, %v", fields, method, i, a.StatusCode, a.body, err)
				}
				if a.StatusCode == 200 && a.ContentLength != 7 {
					t.Errorf("%v %s %d: %d bytes long, %v", fields, method, i, a.ContentLength, before)
				}
			}
		}
	}
	for _, f := range r.proxy.Feeds().List(time.Now()) {
		if f.Clients != 0 {
			t.Errorf("somebody is held: %+v", f)
		}
	}
}

// L-15: no directive of a client makes pollmux ask more often.
func TestReqCC(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/x")
	c := r.dial()
	br := bufio.NewReader(c)
	for _, field := range []string{
		"Cache-Control: no-cache", "Cache-Control: max-age=0", "Pragma: no-cache", "Cache-Control: no-store", "Cache-Control: min-fresh=99999", "Cache-Control: only-if-cached",
		"Cache-Control: max-stale", "Cache-Control: no-transform", "Cache-Control: \"", "Cache-Control: no-cache, no-cache\r\nCache-Control: max-age=0\r\nPragma: no-cache",
	} {
		for range 1000 / 10 {
			_, _ = io.WriteString(c, "GET /x HTTP/1.1\r\nHost: "+r.addr+"\r\n"+field+"\r\n\r\n")
			if a, err := readReply(br, "GET"); err != nil || a.StatusCode != 200 || a.Header.Get("Cache-Status") != "pollmux; hit" {
				t.Fatalf("%s: %v, %v", field, a, err)
			}
		}
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
	if a := r.get("/unknown", "Cache-Control", "only-if-cached"); a.StatusCode != 504 || r.polls() != 1 {
		t.Errorf("only-if-cached: %d", a.StatusCode)
	}
}
