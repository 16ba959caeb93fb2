package share_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// FuzzKey makes the keys of any two requests on one route. They are equal
// exactly when the polls are; no credential is in them; and a poll, taken for a
// request, has the key that it was made from.
func FuzzKey(f *testing.F) {
	for _, a := range heads {
		for option := range routes {
			f.Add([]byte(a), []byte(strings.ToUpper(a[:4])+a[4:]), uint16(option))
			f.Add([]byte(a), []byte(heads["curl"]), uint16(option|0xff0))
		}
	}
	f.Add([]byte("GET /x HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n"), []byte("GET /x HTTP/1.1\r\nHost: a\r\nCookie: a=b, c=d\r\n\r\n"), uint16(0))
	f.Add([]byte("GET /x?a=1&a=2 HTTP/1.1\r\nHost: a\r\n\r\n"), []byte("GET /x?a=2&a=1 HTTP/1.1\r\nHost: a\r\n\r\n"), uint16(2))
	f.Fuzz(func(t *testing.T, a, b []byte, option uint16) {
		ha, errA := tryParse(string(a))
		hb, errB := tryParse(string(b))
		p := route(int(option&7) % len(routes))
		if errA != nil || errB != nil || p.Coalescable(ha) != "" || p.Coalescable(hb) != "" {
			return
		}
		ask := share.Ask{Accept: option&8 != 0, Origin: option&16 != 0, Trusted: option&32 != 0}
		ka := asked(p, ha, ask)
		for i, name := range learnable {
			if option>>(6+i)&1 != 0 {
				p.Learn([]string{name})
			}
		}
		kb := asked(p, hb, ask)
		if bytes.Equal(ka.Bytes(), kb.Bytes()) != (wire(ka) == wire(kb)) {
			t.Errorf("%q\n%q\n%s\n%s", ka.Bytes(), kb.Bytes(), wire(ka), wire(kb))
		}
		checkPoll(t, ha, wire(ka))
		checkPoll(t, hb, wire(kb))
		checkSecrets(t, hb, kb)
		again := asked(p, parse(t, wire(kb)+"\r\n"), share.Ask{Trusted: ask.Trusted})
		if agentCounts := option&7 == 4 || slices.Contains(p.Vary().Names(), "user-agent"); !agentCounts && !bytes.Equal(again.Bytes(), kb.Bytes()) {
			t.Errorf("the poll has another key:\n%s\n%q\n%q", wire(kb), kb.Bytes(), again.Bytes())
		}
	})
}

// checkSecrets looks for credentials that are in the key, and come from nowhere
// else.
func checkSecrets(t *testing.T, h *head.Head, k *share.Key) {
	t.Helper()
	plain := slices.Concat(h.Target, h.Host, []byte("route"))
	for _, f := range h.Fields {
		if f.Is != head.Credential && f.Is != head.Cookie {
			plain = slices.Concat(plain, []byte{'\n'}, bytes.ToLower(f.Name), []byte{':'}, f.Value)
		}
	}
	for _, f := range h.Fields {
		secret := f.Is == head.Credential || f.Is == head.Cookie
		if secret && len(f.Value) > 4 && !bytes.Contains(plain, f.Value) && bytes.Contains(k.Bytes(), f.Value) {
			t.Errorf("%s is in the key: %q", f.Name, k.Bytes())
		}
		if secret && len(f.Value) > 0 && f.Is == head.Credential && k.Audience() == share.Everybody && !k.Withheld() {
			t.Errorf("%s makes no identity", f.Name)
		}
	}
}

// FuzzClassify expects of any one field that it is in the key and on the wire
// as its name says.
func FuzzClassify(f *testing.F) {
	for _, name := range someNames {
		f.Add(name, uint8(0))
		f.Add(strings.ToUpper(strings.ReplaceAll(name, "-", "_")), uint8(2))
	}
	f.Fuzz(func(t *testing.T, name string, option uint8) {
		if !head.IsToken(name) {
			return
		}
		h, err := tryParse("GET /x HTTP/1.1\r\nHost: a\r\n" + name + ": " + canary + "\r\n\r\n")
		i := int(option) % len(routes)
		if err != nil || route(i).Coalescable(h) != "" {
			return
		}
		k := made(route(i), h)
		inKey, onWire := bytes.Contains(k.Bytes(), []byte(canary)), strings.Contains(wire(k), canary)
		if wantKey, wantWire := reference(i, name); inKey != wantKey || onWire != wantWire {
			t.Errorf("route %d: %s is in the key: %v, on the wire: %v", i, name, inKey, onWire)
		}
	})
}

// reference says what a field of a value that is no list and no cookie does on
// one of the routes.
func reference(route int, name string) (inKey, onWire bool) {
	public := route == 1 || route == 4
	folded := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	is := head.Lookup([]byte(name))
	own := map[int]map[string]string{
		2: {"accept-language": "in", "x-forwarded-proto": "in", "x-a": "out", "origin": "out", "x-own": "secret", "referer": "secret"},
		4: {"x-own": "secret", "user-agent": "in"},
	}[route][folded]
	switch {
	case is == head.Credential, own == "secret":
		return false, !public
	case is == head.Cookie:
		return false, !public && route != 3
	case own == "out":
		return false, false
	case own == "in":
		return true, true
	}
	counts := is == head.Other || is == head.Accept || is == head.Prefer || is == head.Origin
	return counts, counts
}

// FuzzJudge expects that nothing is shared that a simple look at the lines
// would not share.
func FuzzJudge(f *testing.F) {
	for _, test := range verdicts {
		f.Add(strings.Join(test.lines, "\n"))
	}
	f.Add("x_own: a\nContent-Type: text/plain")
	p := policy(func(r *config.Route) { r.CredentialHeaders = []string{ownCredential} })
	f.Fuzz(func(t *testing.T, text string) {
		resp := answer(200, strings.Split(text, "\n")...)
		verdict := p.Judge(resp, share.Everybody, share.VaryOf())
		own := p.Judge(resp, share.OneUser, share.VaryOf())
		if own.Reason != "" && verdict.Reason == "" {
			t.Errorf("%q may be given to everybody, and not to one", text)
		}
		if verdict.Reason == "" {
			checkShared(t, resp)
		}
		if renewal := p.JudgeRenewal(resp, share.Everybody, share.VaryOf()); renewal.Reason != "" && verdict.Reason == "" {
			t.Errorf("%q: %q", text, renewal.Reason)
		}
	})
}

// ownCredential is what the operator of FuzzJudge's route calls one.
const ownCredential = "x-own"

func checkShared(t *testing.T, resp *origin.Response) {
	t.Helper()
	for _, f := range resp.Header {
		name, value := strings.ToLower(f.Name), strings.ToLower(f.Value)
		var members []string
		for member := range strings.SplitSeq(value, ",") {
			member, _, _ = strings.Cut(member, "=")
			members = append(members, strings.Trim(member, " \t"))
		}
		switch {
		case name == "set-cookie",
			strings.ReplaceAll(name, "_", "-") == ownCredential,
			name == "vary" && slices.Contains(members, "*"),
			name == "cache-control" && !strings.Contains(value, `"`) && (slices.Contains(members, "no-store") || slices.Contains(members, "private")),
			name == "content-encoding" && strings.Contains(value, "gzip"),
			name == "content-type" && strings.HasPrefix(value, "text/event-stream;"):
			t.Errorf("shared in spite of %q", f)
		}
	}
}
