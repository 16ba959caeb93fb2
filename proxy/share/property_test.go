package share_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

// routes are policies of every kind.
var routes = []struct {
	host   string
	change func(*config.Route)
}{
	{"", func(*config.Route) {}},
	{"origin.internal", public},
	{"", func(r *config.Route) {
		r.Key = config.Key{IgnoreQuery: config.Globs{"_", "utm_*"}, SortQuery: true, Headers: []string{"Accept-Language", "X-Forwarded-Proto"}, IgnoreHeaders: []string{"X-A", "Origin"}}
		r.CredentialHeaders = []string{"X-Own", "Referer"}
	}},
	{"", func(r *config.Route) {
		r.CredentialCookies = config.Globs{"sid"}
		r.Key.IgnoreQuery = nil
	}},
	{"", func(r *config.Route) {
		public(r)
		r.CredentialHeaders = []string{"X-Own"}
		r.Key.Headers = []string{"User-Agent", "Authorization", "Cookie"}
		r.Key.IgnoreCookies = config.Globs{"sid"}
	}},
	{"", func(r *config.Route) {
		r.Share, r.Methods = config.ShareIdentity, []string{"GET", "POST"}
	}},
}

// anyMethod takes POSTs for reads as well.
var anyMethod = policy(func(r *config.Route) { r.Methods = []string{"GET", "POST"} })

func route(i int) *share.Policy {
	r := config.DefaultRoute()
	routes[i].change(r)
	return share.NewPolicy("route", r, routes[i].host, secret)
}

// Few names and few values, so that requests often agree.
var (
	someNames = []string{
		"X-A", "X-B", "X_A", "X-Own", "X_Own", "Accept", "Prefer", "Origin", "Cookie", "Cookie", "Authorization", "X-Api-Key", "X_Api_Key", "User-Agent", "Referer",
		"Accept-Language", "Accept-Encoding", "X-Forwarded-Proto", "X-Forwarded-For", "Cache-Control", "If-None-Match", "Sec-Fetch-Mode", "Last-Event-ID", "TE", "Via", "X-Amz-Date",
	}
	someValues  = []string{"", "a", "a", "b", "*/*", "a, b", "wait=5", "wait=5, a", "sid=1", "sid=1; _ga=2", "_ga=2", "_ga=3; x=y; sid=1", "a:b", " ", "text/event-stream"}
	someTargets = []string{"/x", "/x", "/x?_=1", "/x?_=2", "/x?a=1&b=2", "/x?b=2&a=1", "/x?b=2&_=3&a=1", "/x?", "/x?utm_a=1", "/y", "/x?wait=5"}
	learnable   = []string{"user-agent", "accept-language", "x-forwarded-for", "sec-fetch-mode", "referer", "te", "cookie"}
)

func randomHead(t *testing.T, random *rand.Rand) *head.Head {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", pick(random, "GET", "HEAD", "POST"), pick(random, someTargets...), pick(random, "a", "a", "A", "b"))
	for range random.IntN(6) {
		name := pick(random, someNames...)
		switch random.IntN(3) {
		case 0:
			name = strings.ToUpper(name)
		case 1:
			name = strings.ToLower(name)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", name, pick(random, someValues...))
	}
	return parse(t, b.String()+"\r\n")
}

func pick(random *rand.Rand, from ...string) string { return from[random.IntN(len(from))] }

func randomAsk(random *rand.Rand) (ask share.Ask) {
	ask.Body = []byte(pick(random, "", "a", "b"))
	ask.Accept, ask.Origin, ask.Trusted = random.IntN(8) == 0, random.IntN(8) == 0, random.IntN(4) == 0
	if random.IntN(2) == 0 {
		ask.Query = []string{"wait", "wait_etag"}
	}
	return ask
}

// The central rule: what is not in the key is not on the wire.
func TestTwoRequestsHaveOneKeyExactlyWhenTheyMakeOnePoll(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range routes {
		p := route(i)
		wires, keys, agreed := map[string]string{}, map[string]string{}, 0
		k := new(share.Key)
		for n := range 10_000 {
			if n%1500 == 1499 {
				// Keys made before and after are keys of one live set.
				p.Learn([]string{pick(random, learnable...)})
			}
			h, ask := randomHead(t, random), randomAsk(random)
			p.Make(k, h, ask)
			key, poll := string(k.Bytes()), wire(k)+"\r\n"+string(k.Body())
			old, known := wires[key]
			if known && old != poll {
				t.Fatalf("route %d: one key and two polls:\n%q\n%s\n%s", i, key, old, poll)
			}
			if other, ok := keys[poll]; ok && other != key {
				t.Fatalf("route %d: one poll and two keys:\n%s\n%q\n%q", i, poll, other, key)
			}
			if wires[key], keys[poll] = poll, key; known {
				agreed++
			}
			checkPoll(t, h, wire(k))
		}
		if agreed < 1000 || len(wires) < 500 {
			t.Errorf("route %d: %d keys, %d agreed: this shows little", i, len(wires), agreed)
		}
	}
}

// checkPoll looks for what nobody asked for in a poll.
func checkPoll(t *testing.T, h *head.Head, poll string) {
	t.Helper()
	sent, err := tryParse(poll + "\r\n")
	if err != nil {
		t.Fatalf("a poll is refused: %v\n%s", err, poll)
	}
	fixed := strings.Split(ending, "\r\n")
	for _, f := range sent.Fields {
		line := string(f.Name) + ": " + string(f.Value)
		if f.Is == head.Host || f.Is == head.ContentLength && h.IsPost() || slices.Contains(fixed, line) {
			continue
		}
		ok := slices.ContainsFunc(h.Fields, func(own head.Field) bool {
			return strings.EqualFold(string(own.Name), string(f.Name))
		})
		if !ok {
			t.Errorf("nobody said %q:\n%s", line, poll)
		}
	}
	if sent.IsPost() != h.IsPost() || !h.IsPost() && sent.Length != 0 || sent.Upgrade || anyMethod.Coalescable(sent) != "" {
		t.Errorf("not a plain read:\n%s", poll)
	}
}

// One change to what counts is another key, whatever else the request says.
func TestWhateverCountsMakesAnotherKey(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	p := route(0)
	for range 5000 {
		h := randomHead(t, random)
		before := string(made(p, h).Bytes())
		changed := *h
		changed.Fields = slices.Clone(h.Fields)
		extra := pick(random, "X-New", "Authorization", "cookie", "X_API_KEY", "Origin", "Accept", "Content-Type", "X-Amz-Security-Token")
		changed.Fields = slices.Insert(changed.Fields, random.IntN(len(changed.Fields)+1), head.Field{Name: []byte(extra), Value: []byte("new"), Is: head.Lookup([]byte(extra))})
		if string(made(p, &changed).Bytes()) == before {
			t.Fatalf("%s does not count: %q", extra, before)
		}
		changed = *h
		switch random.IntN(3) {
		case 0:
			changed.Host = []byte("new")
		case 1:
			changed.Target, changed.Path = []byte("/new"), []byte("/new")
		case 2:
			changed.Target, changed.Query = append(slices.Clone(h.Path), "?new"...), []byte("new")
		}
		if string(made(p, &changed).Bytes()) == before {
			t.Fatalf("host or target do not count: %q", before)
		}
	}
}
