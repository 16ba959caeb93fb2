package proxy

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/testdata/strict"
)

// idleProxy serves nobody. lines are as for newRig.
func idleProxy(f *testing.F, lines ...string) *Proxy {
	f.Helper()
	c, err := config.Parse("test.yaml", []byte(routeYAML("http://origin:1", lines)))
	if err != nil {
		f.Fatal(err)
	}
	p, err := New(c, Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(p.close)
	return p
}

// arrives returns the request that a head is, as it came from 10.9.8.7, or nil
// if it would be refused.
func (p *Proxy) arrives(raw []byte) *request {
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(10, 9, 8, 7), Port: 1}, nil)
	if ctx.Request.Header.Read(bufio.NewReaderSize(bytes.NewReader(raw), len(raw)+1)) != nil {
		return nil
	}
	r := &request{ctx: ctx, rules: p.rules.Load(), route: p.rules.Load().routes[0]}
	if r.head.Parse(&ctx.Request.Header) != nil || string(r.head.Target) == "*" {
		return nil
	}
	return r
}

// announced is a body as a request's head announces it.
func (r *request) announced() (framed, data string) {
	if r.head.Length < 0 {
		return "3\r\nabc\r\n0\r\n\r\n", "abc"
	}
	data = strings.Repeat("d", int(r.head.Length))
	return data, data
}

// FuzzPassed: whatever passes every check is written as exactly one request, to
// a strict reader and to net/http, with the same method, target and body.
func FuzzPassed(f *testing.F) {
	for _, head := range []string{
		"GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", "PUT /x HTTP/1.1\r\nHost: a\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET http://b:1/x HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[::1]\";host=\"x\\\"y\"\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4, x\r\nX-Forwarded-Host: b\r\nX-Forwarded-Proto: https\r\n\r\n",
		"GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-A, close\r\nX-A: 1\r\nVia: 1.0 b\r\nCDN-Loop: c\r\nExpect: 100-continue\r\nTE: trailers\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n", "GET /x HTTP/1.1\nHost: a\n\n", "GET /x HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nCookie: a=b\r\nX-\xff: \xff\r\n\r\n",
	} {
		f.Add([]byte(head), true)
		f.Add([]byte(head), false)
	}
	strangers, friends := idleProxy(f), idleProxy(f, "trusted_proxies: [10.0.0.0/8]")
	f.Fuzz(func(t *testing.T, raw []byte, trusted bool) {
		p := strangers
		if trusted {
			p = friends
		}
		r := p.arrives(raw)
		if r == nil || r.head.Length > 1000 {
			return
		}
		framed, data := r.announced()
		checkOne(t, r, string(p.appendPassed(nil, r, false))+framed, string(r.head.Target), data)
		if r.route.share.Coalescable(&r.head) == "" {
			r.route.share.Make(&r.key, &r.head, share.Ask{})
			checkOne(t, r, string(r.key.Request(nil, p.agent, p.trail))+"\r\n", "", "")
		}
	})
}

// checkOne wants one request on a wire, and nothing behind it. A poll may leave
// out some of the query.
func checkOne(t *testing.T, r *request, wire, target, data string) {
	t.Helper()
	all, err := strict.All(wire)
	if err != nil || len(all) != 1 {
		t.Fatalf("%q: %d requests, %v", wire, len(all), err)
	}
	if got := all[0]; got.HTTP10 || got.Method != string(r.head.Method) || target != "" && got.Target != target || got.Body != data {
		t.Fatalf("%q: %+v", wire, got)
	}
	for _, name := range []string{"Connection", "Upgrade", "TE", "Expect", "Keep-Alive", "Proxy-Authorization"} {
		if len(all[0].Field(name)) > 0 {
			t.Fatalf("%s in %q", name, wire)
		}
	}
	br := bufio.NewReader(strings.NewReader(wire))
	req, err := http.ReadRequest(br)
	if err != nil {
		return // it does not like some targets and methods
	}
	body, err := io.ReadAll(req.Body)
	if rest, _ := io.ReadAll(br); err != nil || len(rest) > 0 || string(body) != data || req.Method != all[0].Method || req.RequestURI != all[0].Target {
		t.Fatalf("%q: %v, %q and then %q", wire, err, body, rest)
	}
}

// FuzzForwardedFor: whatever a peer says of a request's way, what the origin is
// told ends with that peer, and can be read.
func FuzzForwardedFor(f *testing.F) {
	for _, said := range [][3]string{
		{"1.2.3.4", "", "https"}, {"1.2.3.4, 5.6.7.8:99, [::1]:5, unknown, , _x", "for=6.6.6.6", "http"}, {"", "for=1.2.3.4;proto=https;host=\"b\", for=\"[2001:db8::1]:4711\"", ""},
		{"", "for=\"_gazonk\"", ""}, {"", "for=\"", ""}, {"\"", "for=a\\b", "x"}, {",", ",;,", ","}, {"::1", "For=unknown;by=_x", "ftp"}, {"::ffff:1.2.3.4", "for=\"[::ffff:1.2.3.4]\"", "HTTPS, http"},
	} {
		f.Add(said[0], said[1], said[2], true)
		f.Add(said[0], said[1], said[2], false)
	}
	strangers, friends := idleProxy(f), idleProxy(f, "trusted_proxies: [10.0.0.0/8]")
	f.Fuzz(func(t *testing.T, chain, forwarded, proto string, trusted bool) {
		p, head := strangers, "GET /x HTTP/1.1\r\nHost: a\r\n"
		if trusted {
			p = friends
		}
		for name, value := range map[string]string{"X-Forwarded-For": chain, "Forwarded": forwarded, "X-Forwarded-Proto": proto} {
			if value != "" {
				head += name + ": " + value + "\r\n"
			}
		}
		r := p.arrives([]byte(head + "\r\n"))
		if r == nil {
			return
		}
		all, err := strict.All(string(p.appendPassed(nil, r, false)))
		if err != nil || len(all) != 1 {
			t.Fatalf("%q: %v", head, err)
		}
		checkForwarding(t, &all[0], trusted)
	})
}

func checkForwarding(t *testing.T, r *strict.Request, trusted bool) {
	t.Helper()
	one := func(name string) string {
		values := r.Field(name)
		if len(values) != 1 {
			t.Fatalf("%s: %q", name, values)
		}
		return values[0]
	}
	addrs := strings.Split(one("X-Forwarded-For"), ", ")
	if addrs[len(addrs)-1] != "10.9.8.7" || !trusted && len(addrs) > 1 {
		t.Errorf("X-Forwarded-For: %q", addrs)
	}
	elements := parseForwarded(slices.Values([][]byte{[]byte(one("Forwarded"))}))
	if len(elements) == 0 || elements[len(elements)-1].node != "10.9.8.7" || !trusted && len(elements) > 1 {
		t.Errorf("Forwarded: %q is %+v", one("Forwarded"), elements)
	}
	if addr, ok := elements[len(elements)-1].addr(); !ok || addr != netip.AddrFrom4([4]byte{10, 9, 8, 7}) {
		t.Errorf("the last address is %v", addr)
	}
	if proto := one("X-Forwarded-Proto"); proto != "http" && (proto != "https" || !trusted) {
		t.Errorf("X-Forwarded-Proto: %q", proto)
	}
}
