package observe

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// rig is a route that is observed, in the time of the test.
type rig struct {
	*Route
	t testing.TB
}

// newRig observes a route with the defaults but for what change does. Where
// identities are apart, it looks at it as if they were not, too.
func newRig(t testing.TB, l Limits, change func(r *config.Route)) *rig {
	t.Helper()
	r := config.DefaultRoute()
	r.Share = config.SharePublic
	if change != nil {
		change(r)
	}
	o := New(l, slog.New(slog.DiscardHandler))
	t.Cleanup(o.Close)
	p := Policy{Interval: r.Interval.Min, Timeout: 10 * time.Second, Snapshot: l.Body, Share: r.Share, Configured: policyOf(r, r.Share)}
	for _, text := range r.Ignore {
		pointer, err := feed.ParsePointer(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Ignore = append(p.Ignore, pointer)
	}
	if r.Share == config.ShareAuto {
		p.Public = policyOf(r, config.SharePublic)
	}
	return &rig{Route: o.Route(p), t: t}
}

func policyOf(r *config.Route, how config.Share) *share.Policy {
	route := *r
	route.Share = how
	return share.NewPolicy("route", &route, "", share.NewSecret())
}

// said is an answer of an origin.
type said struct {
	status int // default 200
	body   string
	fields []string
}

// ask sends a request that takes so long. The origin is asked what it says after
// a part of that, and is believed to say it all at the end.
func (r *rig) ask(target string, lines []string, client Client, took, part time.Duration, says func() said) {
	h := parse(r.t, "GET "+target+" HTTP/1.1\r\nHost: a\r\n"+strings.Join(lines, "\r\n"))
	look := r.Begin(h, share.Ask{}, client, time.Now())
	time.Sleep(part)
	s := says()
	time.Sleep(took - part)
	r.read(look, s)
}

// read relays an answer.
func (r *rig) read(look *Look, s said) {
	resp := &origin.Response{Status: max(s.status, 200), Length: int64(len(s.body)), Body: io.NopCloser(strings.NewReader(s.body))}
	for i := 0; i < len(s.fields); i += 2 {
		resp.Header = append(resp.Header, origin.Field{Name: s.fields[i], Value: s.fields[i+1]})
	}
	body := look.Tap(resp)
	got, err := io.ReadAll(body)
	if err != nil || string(got) != s.body {
		r.t.Errorf("relayed %q, %v", got, err)
	}
	_ = body.Close()
}

// get is ask for one user on one path, at once.
func (r *rig) get(user, body string, fields ...string) {
	r.ask("/x", []string{"Cookie: sid=" + user}, Client{}, 0, 0, func() said { return said{body: body, fields: fields} })
}

// settled is what is known once everything was read.
func (r *rig) settled() ledger.Observed {
	done := make(chan struct{})
	for !r.observer.later(func() { close(done) }) {
		time.Sleep(time.Millisecond)
	}
	<-done
	return r.Observed()
}

func parse(t testing.TB, raw string) *head.Head {
	t.Helper()
	req := new(fasthttp.RequestHeader)
	if err := req.Read(bufio.NewReaderSize(strings.NewReader(strings.TrimRight(raw, "\r\n")+"\r\n\r\n"), 16<<10)); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	h := new(head.Head)
	if err := h.Parse(req); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return h
}

// user is a client with a cookie and an address of its own, one of a few
// browsers, and a request identifier and a cache buster.
func user(i, request int) (target string, lines []string, c Client) {
	lines = []string{
		fmt.Sprintf("Cookie: _ga=GA.%d; sid=session-%d; theme=%d", i%40, i, i%2), fmt.Sprintf("User-Agent: Browser/%d", i%3),
		"Accept: application/json", fmt.Sprintf("X-Request-Id: %d", request), "If-None-Match: \"x\"",
	}
	return fmt.Sprintf("/x?_=%d", request), lines, Client{Peer: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i / 200), byte(i % 200)}), uint16(i))}
}

// best is the first separator, or nothing.
func best(o ledger.Observed) ledger.Separator {
	if len(o.Separators) == 0 {
		return ledger.Separator{}
	}
	return o.Separators[0]
}

// ask is what of a request pollmux reads itself: nothing.
func ask() share.Ask { return share.Ask{} }
