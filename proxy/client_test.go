package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAClientBehindTrustedProxiesIsTheLastOneThatTheyTellOf(t *testing.T) {
	all := &rules{config: &config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:aaaa::/48")}}}
	for _, test := range []struct {
		name, peer string
		fields     []string
		want       string
	}{
		{"no proxy", "192.0.2.1", nil, "192.0.2.1"},
		{"a liar", "192.0.2.1", []string{"X-Forwarded-For", "198.51.100.1"}, "192.0.2.1"},
		{"IPv6", "2001:db8:1:2::3", nil, "2001:db8:1:2::"},
		{"a proxy", "10.0.0.1", []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"a client that made something up", "10.0.0.1", []string{"X-Forwarded-For", "198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{"in a line of its own", "10.0.0.1", []string{"X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"two proxies", "10.0.0.1", []string{"X-Forwarded-For", "198.51.100.1, 192.0.2.1, 10.9.9.9"}, "192.0.2.1"},
		{"proxies only", "10.0.0.1", []string{"X-Forwarded-For", "10.1.1.1,10.2.2.2"}, "10.1.1.1"},
		{"IPv6 by a proxy", "10.0.0.1", []string{"X-Forwarded-For", "2001:db8:1:2::3"}, "2001:db8:1:2::"},
		{"with a port", "10.0.0.1", []string{"X-Forwarded-For", "[2001:db8:1:2::3]:99, 10.2.2.2:80"}, "2001:db8:1:2::"},
		{"a proxy on IPv6", "2001:db8:aaaa::1", []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"mapped", "10.0.0.1", []string{"X-Forwarded-For", "::ffff:192.0.2.1"}, "192.0.2.1"},
		{"nobody", "10.0.0.1", nil, "invalid IP"},
		{"unknown", "10.0.0.1", []string{"X-Forwarded-For", "198.51.100.1, unknown"}, "invalid IP"},
		{"empty", "10.0.0.1", []string{"X-Forwarded-For", ""}, "invalid IP"},
		{"a proxy that hides its client", "10.0.0.1", []string{"X-Forwarded-For", "192.0.2.1, _hidden, 10.2.2.2"}, "invalid IP"},
		{"Forwarded", "10.0.0.1", []string{"Forwarded", `for=198.51.100.1, for="[2001:db8:1:2::3]:99";proto=https, for=10.2.2.2`}, "2001:db8:1:2::"},
		{"Forwarded of nobody knows whom", "10.0.0.1", []string{"Forwarded", "for=198.51.100.1", "X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
		{"Forwarded that cannot be read", "10.0.0.1", []string{"Forwarded", `for="198.51.100.1`}, "invalid IP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var ctx fasthttp.RequestCtx
			ctx.Init(&fasthttp.Request{}, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(test.peer), 1)), nil)
			text := requestText("GET", "/", "a", "", test.fields)
			if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
				t.Fatal(err)
			}
			r := &request{ctx: &ctx, rules: all}
			if err := r.head.Parse(&ctx.Request.Header); err != nil {
				t.Fatal(err)
			}
			if got := new(Proxy).clientOf(r); got.String() != test.want {
				t.Errorf("charged to %v, want %s", got, test.want)
			}
		})
	}
}

// The proxy in front has all connections; its clients are told apart by what
// they have under way.
func TestTheLimitPerAddressHoldsBehindATrustedProxy(t *testing.T) {
	r := newRig(t, "trusted_proxies: [127.0.0.0/8]", "limits: {connections_per_ip: 2}", "interval: 1h")
	alice, bob := []string{"X-Forwarded-For", "192.0.2.1"}, []string{"X-Forwarded-For", "192.0.2.2"}
	var held []*stream
	for range 2 {
		held = append(held, r.stream("/x", "text/event-stream", alice...))
	}
	front := r.dial() // a connection that the proxy in front uses for everybody
	for i := range 3 {
		a, err := r.ask(front, "/x", alice...)
		if err != nil || a.StatusCode != 429 || a.Header.Get("Retry-After") == "" || a.Close {
			t.Fatalf("request %d of one beyond its limit: %v, %v", i, a.Response, err)
		}
		if a, err = r.ask(front, "/x", bob...); err != nil || a.StatusCode != 200 {
			t.Fatalf("somebody else behind the same proxy: %v, %v", a.Response, err)
		}
		if a, err = r.ask(front, "/x"); err != nil || a.StatusCode != 200 {
			t.Fatalf("the proxy's own request: %v, %v", a.Response, err)
		}
	}
	if a := r.get("/x", append([]string{"Accept", "text/event-stream"}, alice...)...); a.StatusCode != 200 || !strings.Contains(a.body, "retry: 1") {
		t.Errorf("an EventSource: %d %q", a.StatusCode, a.body)
	}
	if a := r.do("POST", "/x", "x", append([]string{"Expect", "100-continue"}, alice...)...); a.StatusCode != 429 {
		t.Errorf("an upload: %d", a.StatusCode)
	}
	if hits := r.hits("connections_per_ip"); hits != 5 {
		t.Errorf("%d hits", hits)
	}
	_ = held[0].conn.Close()
	r.eventually("there is room again", func() bool {
		a, err := r.ask(front, "/x", alice...)
		return err == nil && a.StatusCode == 200
	})
	for range 10 { // one after the other is one at a time
		if a := r.get("/x", alice...); a.StatusCode != 200 {
			t.Fatalf("%d", a.StatusCode)
		}
	}
	_ = held[1].conn.Close()
	_ = front.Close()
	r.eventually("nobody is charged any more", func() bool { return r.charged("192.0.2.1") == 0 })
}

// charged is how much an address is charged for.
func (r *rig) charged(addr string) int {
	r.proxy.gate.mu.Lock()
	defer r.proxy.gate.mu.Unlock()
	return r.proxy.gate.places[netip.MustParseAddr(addr)]
}

func TestEachRequestUnderWayCountsUntilItIsAnswered(t *testing.T) {
	r := newRig(t, "trusted_proxies: [127.0.0.1]", "limits: {connections_per_ip: 3}", "interval: 1h")
	etag := r.get("/x").Header.Get("ETag")
	alice := []string{"X-Forwarded-For", "192.0.2.1"}
	release := make(chan struct{})
	r.origin.Break(legacy.HangMidBody(3, release), "/slow")
	var held sync.WaitGroup
	polling, downloading := r.dial(), r.dial()
	_, _ = io.WriteString(polling, requestText("GET", "/x", r.addr, "", append([]string{"Prefer", "wait=30", "If-None-Match", etag}, alice...)))
	held.Go(func() {
		a, err := readReply(bufio.NewReader(polling), "GET")
		if err != nil || a.StatusCode != http.StatusOK {
			t.Errorf("the long poll: %v, %v", a.Response, err)
		}
	})
	_, _ = io.WriteString(downloading, requestText("POST", "/slow", r.addr, "", alice))
	ws := r.socket("/x", alice...)
	_, _, _ = ws.ReadMessage()
	r.eventually("all of them count", func() bool { return r.charged("192.0.2.1") == 3 })
	if a := r.get("/x", alice...); a.StatusCode != 429 {
		t.Errorf("a fourth: %d", a.StatusCode)
	}
	r.body(`{"v":2}`)
	r.do("PUT", "/x", "x")
	held.Wait()
	r.eventually("the long poll does not any more", func() bool { return r.charged("192.0.2.1") == 2 })
	r.get("/x", alice...).want(t, 200, `{"v":2}`)
	close(release)
	_, _ = io.Copy(io.Discard, io.LimitReader(downloading, 1))
	_ = downloading.Close()
	_ = ws.Close()
	_ = polling.Close()
	await.Until(t, "nobody is charged", func() bool { return r.charged("192.0.2.1") == 0 })
}
