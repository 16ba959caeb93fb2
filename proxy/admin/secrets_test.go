package admin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// originFunc answers polls.
type originFunc func() *origin.Response

// Do implements feed.Origin.
func (f originFunc) Do(context.Context, *origin.Request) (*origin.Response, error) { return f(), nil }

// acquire returns a feed that has been polled.
func acquire(t *testing.T, feeds *feed.Feeds, path, identity string) *feed.Feed {
	t.Helper()
	policy := share.NewPolicy("scores", config.DefaultRoute(), "", share.Secret{})
	f, err := feeds.Acquire([]byte(path+identity), func() *feed.Spec {
		return &feed.Spec{
			Route: "scores", Key: path + identity, Target: path, Identity: identity, Share: policy, Vary: policy.Vary(),
			Meter: ledger.New().Route("scores", time.Hour),
			Terms: &feed.Terms{
				Policy: &feed.Policy{Interval: time.Hour, Timeout: await.Patience, Linger: time.Hour},
				Origin: originFunc(func() *origin.Response {
					return &origin.Response{Status: 200, Length: 2, Body: io.NopCloser(strings.NewReader("v1"))}
				}),
			},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := f.Ask(t.Context(), feed.KeepNone); a.Err != nil {
		t.Fatal(a.Err)
	}
	return f
}

// secrets are what clients say, each in another place.
var secrets = []string{"canary-path", "canary-query", "canary-token", "canary-cookie", "canary-key", "canary-user", "canary-value", "canary-body"}

func TestNothingOfAKeyIsTold(t *testing.T) {
	upstream := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}, "Vary": {"X-Own"}}, Body: []byte(`"canary-body"`)}, nil)
	if err := upstream.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Close)
	upstream.Break(legacy.Status(503), "/canary-path/broken")
	yaml := fmt.Sprintf("upstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, name: all, upstream: api, stale_if_error: 1m}]\n", upstream.URL())
	c, err := config.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	log := &await.Log{}
	p, err := proxy.New(c, proxy.Options{Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, p)
	r := newRig(t, p, "")
	for _, path := range []string{"/canary-path", "/canary-path/broken", "/canary-path/x"} {
		for _, method := range []string{"GET", "POST"} {
			send(t, address, method, path)
		}
	}
	told := log.String() + r.log.String()
	for _, path := range []string{"/api/feeds", "/api/stats", "/metrics", "/readyz"} {
		told += r.do("GET", path).want(t, 200, "").body
	}
	if !strings.Contains(told, `"feed": "`) {
		t.Error("there is no feed to tell of")
	}
	for _, secret := range secrets {
		if i := strings.Index(told, secret); i >= 0 {
			t.Errorf("%s is told: …%s…", secret, told[max(0, i-100):min(len(told), i+100)])
		}
	}
}

// send sends a request that is full of secrets.
func send(t *testing.T, addr, method, path string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	fmt.Fprintf(c, "%s %s?q=canary-query HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer canary-token\r\nCookie: sid=canary-cookie\r\n"+
		"X-Api-Key: canary-key\r\nX-User: canary-user\r\nX-Own: canary-value\r\nContent-Length: 0\r\n\r\n", method, path)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// serve has a proxy serve clients, and returns where.
func serve(t *testing.T, p *proxy.Proxy) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	t.Cleanup(func() {
		_ = p.Shutdown(context.Background())
		<-served
	})
	return l.Addr().String()
}
