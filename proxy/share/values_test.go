package share_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestAcceptIsSentUnlessItSaysAnything(t *testing.T) {
	p := policy(nil)
	for _, lines := range [][]string{nil, {"Accept: */*"}, {"accept:*/*"}, {"Accept:"}, {"Accept: \t"}} {
		same(t, p, get(t), get(t, lines...))
	}
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{[]string{"Accept: text/csv"}, "text/csv"},
		{[]string{"Accept: application/json, text/plain, */*"}, "application/json, text/plain, */*"},
		{[]string{"Accept: text/csv", "X-A: 1", "ACCEPT: text/html;q=0.5"}, "text/csv, text/html;q=0.5"},
		{[]string{"Accept: */*;q=0.8"}, "*/*;q=0.8"},
		{[]string{"Accept: ", "Accept: a/b"}, ", a/b"},
	} {
		k := made(p, get(t, test.lines...))
		if !strings.Contains(wire(k), "\r\nAccept: "+test.want+"\r\n") || strings.Count(wire(k), "Accept: ") != 1 {
			t.Errorf("%q:\n%s", test.lines, wire(k))
		}
	}
	same(t, p, get(t, "Accept: a/b", "Accept: c/d"), get(t, "Accept: a/b, c/d"))
}

func TestAnAcceptThatChoseAStreamIsNotSent(t *testing.T) {
	p := policy(nil)
	k := asked(p, get(t, "Accept: text/event-stream", "accept: x/y"), share.Ask{Accept: true})
	if bare := made(p, get(t)); string(k.Bytes()) != string(bare.Bytes()) || wire(k) != wire(bare) {
		t.Errorf("%q\n%s", k.Bytes(), wire(k))
	}
}

func TestAnOriginThatOpenedAWebSocketIsNotSent(t *testing.T) {
	h, ask := get(t, "Origin: https://b"), share.Ask{Origin: true}
	p := policy(nil)
	if k := asked(p, h, ask); strings.Contains(wire(k), "Origin") || string(k.Bytes()) != string(made(p, get(t)).Bytes()) {
		t.Errorf("%q\n%s", k.Bytes(), wire(k))
	}
	p = policy(func(r *config.Route) { r.Key.Headers = []string{"Origin"} })
	if k := asked(p, h, ask); !strings.Contains(wire(k), "Origin: https://b\r\n") {
		t.Errorf("the operator wants it:\n%s", wire(k))
	}
}

func TestAPreferenceToWaitIsNotSent(t *testing.T) {
	p := policy(nil)
	for _, test := range []struct{ prefer, want string }{
		{"wait=30", ""}, {"WAIT = 30", ""}, {"wait", ""}, {"wait=\"30\"; x=y", ""}, {"wait=1, wait=2", ""}, {"wait;x", ""}, {", ,", ""}, {"", ""},
		{"return=minimal", "return=minimal"}, {"return=minimal,wait=5", "return=minimal"}, {"wait=5,\treturn=minimal ; a=b", "return=minimal ; a=b"},
		{"respond-async,handling=lenient", "respond-async, handling=lenient"}, {"waits=5", "waits=5"}, {"await=5", "await=5"}, {"x=wait", "x=wait"},
	} {
		h := get(t, "Prefer: "+test.prefer)
		if test.want == "" {
			same(t, p, get(t), h)
			continue
		}
		if got := lines(t, made(p, h)); got != "Prefer: "+test.want+"\r\n" {
			t.Errorf("%q became %q", test.prefer, got)
		}
		same(t, p, h, get(t, "Prefer: "+test.want))
	}
	same(t, p, get(t, "Prefer: wait=5", "Prefer: a, wait=7", "prefer: b"), get(t, "Prefer: a, b"))
	same(t, p, get(t, "Prefer: wait=5", "Prefer: wait=6"), get(t))
}

func TestTheOperatorsRulesAreObeyed(t *testing.T) {
	p := policy(func(r *config.Route) {
		r.Key.Headers = []string{"Accept-Language", "User-Agent", "X-Forwarded-Proto", "sec-fetch-site"}
		r.Key.IgnoreHeaders = []string{"X-Build", "Origin", "accept", "Prefer"}
		r.CredentialHeaders = []string{"X-Own"}
	})
	for _, line := range []string{"X-Build: 1", "x-build: 2", "X_Build: 3", "Origin: https://b", "Accept: text/csv", "Prefer: a", "Referer: x"} {
		same(t, p, get(t), get(t, line))
	}
	for _, line := range []string{"accept-language: de", "Accept_Language: de", "X-Forwarded-Proto: https", "Sec-Fetch-Site: none", "X-Builds: 1", "X-Own: 1"} {
		different(t, p, get(t), get(t, line))
		name, value, _ := strings.Cut(line, ": ")
		if got := lines(t, made(p, get(t, line))); !strings.EqualFold(got, name+": "+value+"\r\n") {
			t.Errorf("%s: %q", line, got)
		}
	}
	k := made(p, get(t, "user-agent: curl/8"))
	if w := wire(k); strings.Contains(w, agent) || strings.Count(w, "User-Agent: curl/8\r\n") != 1 {
		t.Errorf("two agents, or none:\n%s", w)
	}
}

// What pollmux says itself on a poll, or reads itself, is nobody's to name.
func TestManagedFieldsAreNeverOnAPoll(t *testing.T) {
	managed := []string{
		"Accept-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Range", "If-Range", "If-None-Match", "If-Modified-Since", "Last-Event-ID",
		"Cache-Control", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Proxy-Authorization", "X-HTTP-Method-Override", "X_HTTP_Method", "HTTP2-Settings", "Content-Length",
	}
	p := policy(func(r *config.Route) { r.Key.Headers, r.CredentialHeaders = managed, managed })
	p.Learn([]string{"range", "if-none-match", "sec-websocket-key", "accept-encoding", "te"})
	for _, name := range managed {
		value := "x"
		switch name {
		case "Content-Length":
			value = "0"
		}
		k := made(p, get(t, name+": "+value))
		if lines(t, k) != "" || (k.Audience() != share.Everybody) || string(k.Bytes()) != string(made(p, get(t)).Bytes()) {
			t.Errorf("%s is on the wire:\n%s", name, wire(k))
		}
	}
}
