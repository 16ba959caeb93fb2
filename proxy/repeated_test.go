package proxy

import (
	"fmt"
	"strings"
	"testing"
)

// known lets a client send a request until what was made of it is used.
func (c client) known(text string) reply {
	c.t.Helper()
	c.ask(text)
	c.ask(text)
	c.ask(text)
	return c.ask(text)
}

func TestARequestThatIsRepeatedGetsEachNewVersion(t *testing.T) {
	r := newRig(t, "interval: 1h")
	c := r.pipe()
	for v := 1; v < 5; v++ {
		etag := c.known(r.text("/a")).want(t, 200, fmt.Sprintf(`{"v":%d}`, v)).Header.Get("ETag")
		unchanged := r.text("/a", "If-None-Match", etag)
		c.known(unchanged).want(t, 304, "")
		r.body(fmt.Sprintf(`{"v":%d}`, v+1))
		r.do("PUT", "/a", "x")
		c.ask(unchanged).want(t, 200, fmt.Sprintf(`{"v":%d}`, v+1))
	}
}

func TestAKeyIsMadeAgainOnceTheRouteHasLearned(t *testing.T) {
	r := newRig(t, "interval: 1h")
	text := r.text("/a", "User-Agent", "one")
	c := r.pipe()
	c.known(text).want(t, 200, `{"v":1}`)
	if n := r.polls(); n != 1 {
		t.Fatalf("the origin got %d requests", n)
	}
	r.body(`{"v":2}`, "Vary", "User-Agent")
	r.get("/b").want(t, 200, `{"v":2}`)
	c.ask(text).want(t, 200, `{"v":2}`)
	c.known(text).want(t, 200, `{"v":2}`)
	if n := r.polls(); n != 3 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestARepeatedRequestThatDiffersInAByteIsAnother(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body("a")
	r.get("/a")
	r.body("b")
	r.get("/b")
	c := r.pipe()
	for range 5 {
		c.known(r.text("/a")).want(t, 200, "a")
		c.ask(r.text("/b")).want(t, 200, "b")
		c.ask(r.text("/a")).want(t, 200, "a")
		c.known(r.text("/b")).want(t, 200, "b")
	}
}

func TestNothingSecretIsKeptOfARequest(t *testing.T) {
	for _, share := range []string{"identity", "public"} {
		r := newRig(t, "interval: 1h", "share: "+share, "credential_headers: [X-Who]")
		for name, test := range map[string]struct {
			fields []string
			kept   bool
		}{
			"nothing":    {nil, share == "public"},
			"credential": {[]string{"Authorization", "Bearer 0123456789abcdef"}, false},
			"cookie":     {[]string{"Cookie", "sid=0123456789abcdef"}, false},
			"lost":       {[]string{"Cookie", "_ga=1"}, false},
			"own":        {[]string{"X-Who", "0123456789abcdef"}, false},
			"large":      {[]string{"User-Agent", strings.Repeat("x", maxRepeated)}, false},
			"condition":  {[]string{"If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"}, false},
		} {
			text := r.text("/a", test.fields...)
			r.get("/a", test.fields...)
			wire := &parrot{request: []byte(text), left: 4}
			c := r.proxy.gate.admit(wire)
			_, _ = c.Read(make([]byte, 4096))
			if kept := c.last != nil; kept != test.kept {
				t.Errorf("%s, %s: it is kept: %v", share, name, kept)
			}
			_ = c.Close()
		}
	}
}

func TestOfAClientThatDoesSomethingElseNothingIsKept(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/a")
	wire := &parrot{request: []byte(r.text("/a")), left: 4}
	c := r.proxy.gate.admit(wire)
	defer c.Close()
	_, _ = c.Read(make([]byte, 4096))
	if !c.last.is(wire.request, r.proxy.rules.Load()) {
		t.Fatal("a poller's request is not known")
	}
	wire.request, wire.left = []byte(r.text("/a", "Accept", "text/event-stream")), 1
	_, _ = c.Read(make([]byte, 4096))
	if c.last != nil {
		t.Error("who is held keeps what it polled before")
	}
}
