package share_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

// FuzzAccess looks at who may be given what, of any request and of any answer to
// it: only a plain read is coalesced; one more credential never makes the
// audience larger; whose credential differs has another key; and what one user
// may not be given, nobody may.
func FuzzAccess(f *testing.F) {
	for _, raw := range heads {
		f.Add([]byte(raw), "Authorization: Bearer 0123456789", "Cache-Control: private", uint8(0))
		f.Add([]byte(raw), "Cookie: PHPSESSID=0123456789abcdef", "X-User-Id: 7\nVary: Cookie", uint8(1))
	}
	for _, line := range []string{"X-Api-Key: k", "Cookie: _ga=1", "X-CSRF-Token: t", "x_own: a", "Authorization: Bearer undefined", "X-Amz-Date: 1", "Cookie: sid", "DPoP: x"} {
		f.Add([]byte("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), line, "X-Own: a\nCache-Control: no-store", uint8(2))
		f.Add([]byte("GET /x HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nX_HTTP_METHOD: PUT\r\n\r\n"), line, "Set-Cookie: a=b", uint8(4))
	}
	f.Fuzz(func(t *testing.T, raw []byte, credential, said string, option uint8) {
		h, err := tryParse(string(raw))
		if err != nil {
			return
		}
		if p := route(int(option) % len(routes)); p.Coalescable(h) == "" {
			checkPlainRead(t, h)
			checkAudience(t, p, h, credential)
			checkAnswer(t, p, said)
		}
	})
}

// checkPlainRead looks for what makes a request more than that.
func checkPlainRead(t *testing.T, h *head.Head) {
	t.Helper()
	if method := string(h.Method); method != "GET" && method != "HEAD" && method != "POST" || method != "POST" && h.Length != 0 || h.Length > share.MaxBody || bytes.ContainsAny(h.Target, "\\ ") {
		t.Errorf("%s %q of %d bytes is coalesced", h.Method, h.Target, h.Length)
	}
	for _, bad := range []string{"//", "/../", "/./", ";", "%2f", "%2F", "%00", "#"} {
		if strings.Contains(string(h.Path), bad) {
			t.Errorf("%q is coalesced", h.Target)
		}
	}
	for _, f := range h.Fields {
		switch strings.ReplaceAll(strings.ToLower(string(f.Name)), "_", "-") {
		case "range", "if-range", "expect", "x-http-method", "x-http-method-override", "x-method-override", "transfer-encoding":
			t.Errorf("%q is coalesced", f)
		}
	}
}

// checkAudience adds a credential to a request, and then another.
func checkAudience(t *testing.T, p *share.Policy, h *head.Head, line string) {
	t.Helper()
	name, value, _ := strings.Cut(line, ":")
	value = strings.Trim(value, " \t")
	if !head.IsToken(name) || strings.ContainsAny(value, "\r\n\x00") {
		return
	}
	is := head.Lookup([]byte(name))
	if is != head.Credential && is != head.Cookie {
		return
	}
	before := made(p, h)
	with := made(p, plus(h, name, value))
	if with.Audience() < before.Audience() {
		t.Errorf("%s makes the audience larger: %d, then %d", line, before.Audience(), with.Audience())
	}
	if bytes.Equal(with.Bytes(), before.Bytes()) != (wire(with) == wire(before)) {
		t.Errorf("%s is in one of key and poll", line)
	}
	if is == head.Credential && with.Audience() != share.Everybody {
		other := made(p, plus(h, name, value+"x"))
		if bytes.Equal(other.Bytes(), with.Bytes()) || bytes.Equal(other.Identity(), before.Identity()) && !slices.Contains(share.Proofs, folded(name)) {
			t.Errorf("%s and another one are one", line)
		}
	}
}

func folded(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// plus is a request with one more line.
func plus(h *head.Head, name, value string) *head.Head {
	more := *h
	more.Fields = append(slices.Clone(h.Fields), head.Field{Name: []byte(name), Value: []byte(value), Is: head.Lookup([]byte(name))})
	return &more
}

// checkAnswer judges an answer for each audience.
func checkAnswer(t *testing.T, p *share.Policy, said string) {
	t.Helper()
	for _, status := range []int{200, 404, 304} {
		resp := answer(status, strings.Split(said, "\n")...)
		refused := false
		for _, to := range []share.Audience{share.OneUser, share.Identified, share.Everybody} {
			verdict := p.Judge(resp, to, share.VaryOf())
			if status == 304 {
				verdict = p.JudgeRenewal(resp, to, share.VaryOf())
			}
			if refused && verdict.Reason == "" {
				t.Errorf("%d %q may be given to %d, and not to fewer", status, said, to)
			}
			refused = verdict.Reason != ""
			if own := share.IsOwn(resp, share.VaryOf()); !refused && own != (len(verdict.Vary) == 0) {
				t.Errorf("%d %q depends on %v, and is somebody's own: %v", status, said, verdict.Vary, own)
			}
		}
	}
}

// Whatever the operator calls a credential counts as one, in requests and in
// answers alike.
func TestTheOperatorsWordHoldsInBothDirections(t *testing.T) {
	for _, name := range []string{"X-Acme", "User-Agent", "Accept-Language", "X-Forwarded-For", "X_Under"} {
		p := policy(func(r *config.Route) { r.CredentialHeaders = []string{name} })
		k := made(p, get(t, name+": a"))
		if k.Audience() != share.OneUser || p.Judge(answer(200, folded(name)+": a"), share.Everybody, share.VaryOf()).Reason == "" {
			t.Errorf("%s: audience %d", name, k.Audience())
		}
		different(t, p, get(t, name+": a"), get(t, name+": b"))
		different(t, p, get(t, name+": a"), get(t))
	}
}
