package share_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

const (
	agent = "pollmux/test"
	trail = "Via: 1.1 pollmux\r\nCDN-Loop: pollmux-1\r\n"

	// ending is how every poll ends that asks for nothing particular.
	ending = "Accept: */*\r\nAccept-Encoding: identity\r\nUser-Agent: " + agent + "\r\n" + trail

	// canary stands for a secret.
	canary = "s3cr3t-c4n4ry"
)

var secret = share.NewSecret()

// policy is a route's, with the defaults but for what change does.
func policy(change func(r *config.Route)) *share.Policy {
	r := config.DefaultRoute()
	if change != nil {
		change(r)
	}
	return share.NewPolicy("route", r, "", secret)
}

func public(r *config.Route) { r.Share = config.SharePublic }

// get is the head of a GET with more lines.
func get(t testing.TB, lines ...string) *head.Head { t.Helper(); return target(t, "/x", lines...) }

// target is get for another target.
func target(t testing.TB, target string, lines ...string) *head.Head {
	t.Helper()
	return parse(t, "GET "+target+" HTTP/1.1\r\nHost: a\r\n"+strings.Join(append(lines, "\r\n"), "\r\n"))
}

// parse reads a head as the proxy does.
func parse(t testing.TB, raw string) *head.Head {
	t.Helper()
	h, err := tryParse(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return h
}

func tryParse(raw string) (*head.Head, error) {
	req := new(fasthttp.RequestHeader)
	if err := req.Read(bufio.NewReaderSize(strings.NewReader(raw), len(raw)+1)); err != nil {
		return nil, err
	}
	h := new(head.Head)
	return h, h.Parse(req)
}

// made is a request's key.
func made(p *share.Policy, h *head.Head) *share.Key { return asked(p, h, share.Ask{}) }

func asked(p *share.Policy, h *head.Head, ask share.Ask) *share.Key {
	k := new(share.Key)
	p.Make(k, h, ask)
	return k
}

// wire is the head of the poll for a key.
func wire(k *share.Key) string { return string(k.Request(nil, agent, trail)) }

// lines are those of a poll that are the client's: without the first two and
// without what every poll ends with.
func lines(t testing.TB, k *share.Key) string {
	t.Helper()
	w, ok := strings.CutSuffix(wire(k), ending)
	if !ok {
		t.Fatalf("the poll does not end as usual:\n%s", wire(k))
	}
	_, w, _ = strings.Cut(w, "\r\n")
	_, w, _ = strings.Cut(w, "\r\n")
	return w
}

// same fails unless two requests have one key, and one poll.
func same(t *testing.T, p *share.Policy, a, b *head.Head) {
	t.Helper()
	ka, kb := made(p, a), made(p, b)
	if !bytes.Equal(ka.Bytes(), kb.Bytes()) || wire(ka) != wire(kb) || ka.Audience() != kb.Audience() {
		t.Errorf("two keys:\n%q\n%q\n%s%s", ka.Bytes(), kb.Bytes(), wire(ka), wire(kb))
	}
}

// different fails if two requests share a key, or a poll.
func different(t *testing.T, p *share.Policy, a, b *head.Head) {
	t.Helper()
	ka, kb := made(p, a), made(p, b)
	if bytes.Equal(ka.Bytes(), kb.Bytes()) || wire(ka) == wire(kb) {
		t.Errorf("one key:\n%q\n%q\n%s%s", ka.Bytes(), kb.Bytes(), wire(ka), wire(kb))
	}
}
