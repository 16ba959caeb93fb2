package share_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

// credentialFields are all that is known to be one, in the spellings that some
// server takes for the same.
func credentialFields() (names []string) {
	for _, name := range append(head.Names(head.Credential),
		"cookie", "x-amz-security-token", "x-ms-client-principal", "x-ms-client-principal-id", "x-ms-token-aad-id-token", "x-auth-request-user",
		"x-auth-request-"+strings.Repeat("y", 60)) {
		names = append(names, name, strings.ToUpper(name))
		if strings.Contains(name, "-") {
			names = append(names, strings.ReplaceAll(name, "-", "_"))
		}
	}
	return names
}

func TestACredentialIsNeverInAKey(t *testing.T) {
	p := policy(func(r *config.Route) { r.CredentialHeaders = []string{"X-Own", "Referer", "X-Under_Score"} })
	for _, name := range append(credentialFields(), "X-Own", "x-own", "X_Own", "X_OWN", "Referer", "X-Under_Score", "X-Under-Score", "x_under_score") {
		k := made(p, get(t, "X-A: 1", name+": sid="+canary, "X-Z: 1"))
		if bytes.Contains(k.Bytes(), []byte(canary)) || strings.Contains(k.Target(), canary) {
			t.Errorf("%s is in the key: %q", name, k.Bytes())
		}
		if !strings.Contains(lines(t, k), ": sid="+canary+"\r\n") {
			t.Errorf("%s is not on the wire", name)
		}
		if k.Audience() == share.Everybody || len(k.Identity()) != 32 || k.Withheld() || !bytes.HasSuffix(k.Bytes(), k.Identity()) {
			t.Errorf("%s makes no identity", name)
		}
	}
}

func TestEveryByteOfACredentialCounts(t *testing.T) {
	p := policy(nil)
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Amz-Security-Token"} {
		value := []byte("sid=" + canary)
		seen := map[string]int{string(made(p, get(t, name+": "+string(value))).Bytes()): -1}
		for i := range value {
			for _, flip := range []byte{0x01, 0x20, 0x40} {
				changed := bytes.Clone(value)
				if changed[i] ^= flip; changed[i] == ';' || changed[i] == 0x7f || changed[i] < ' ' {
					continue
				}
				k := string(made(p, get(t, name+": "+string(changed))).Bytes())
				if old, ok := seen[k]; ok {
					t.Errorf("%s: %q has the key of another, %d", name, changed, old)
				}
				seen[k] = i
			}
		}
	}
}

func TestAPublicRouteHasNoCredentialInTheKeyNorOnTheWire(t *testing.T) {
	p := policy(func(r *config.Route) {
		public(r)
		r.CredentialHeaders = []string{"X-Own"}
	})
	for _, name := range append(credentialFields(), "X-Own", "X_Own", "x-own") {
		h := get(t, name+": sid="+canary)
		k := made(p, h)
		if strings.Contains(wire(k), canary) || bytes.Contains(k.Bytes(), []byte(canary)) {
			t.Errorf("%s is there:\n%q\n%s", name, k.Bytes(), wire(k))
		}
		if (k.Audience() != share.Everybody) || k.Identity() != nil || !k.Withheld() {
			t.Errorf("%s: private %v, withheld %v", name, (k.Audience() != share.Everybody), k.Withheld())
		}
		same(t, p, h, get(t))
	}
	if made(p, get(t, "X-A: 1")).Withheld() {
		t.Error("nothing was withheld")
	}
}

func TestAnIdentityIsTheSameOnEveryRouteOfAProcessAndInNoOther(t *testing.T) {
	h, other := get(t, "Authorization: a", "X-A: 1"), target(t, "/y", "authorization: a")
	a, b := made(policy(nil), h), made(share.NewPolicy("route2", config.DefaultRoute(), "b", secret), other)
	if !bytes.Equal(a.Identity(), b.Identity()) || bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two identities, or one key")
	}
	elsewhere := made(share.NewPolicy("route", config.DefaultRoute(), "", share.NewSecret()), h)
	if bytes.Equal(a.Identity(), elsewhere.Identity()) {
		t.Error("the hash has no secret")
	}
}

// Or nobody with such a token would see the effect of an own write in time (L-18).
func TestAProofIsPartOfTheKeyAndNotOfTheIdentity(t *testing.T) {
	p := policy(nil)
	read := made(p, get(t, "Cookie: sid=a", "X-Api-Key: k"))
	for _, proof := range []string{"X-CSRF-Token: t", "x_csrf_token: t", "X-XSRF-TOKEN: t", "X-CSRFToken: t", "DPoP: t", "Signature: t"} {
		write := made(p, get(t, proof, "Cookie: sid=a", "X-Api-Key: k"))
		if !bytes.Equal(read.Identity(), write.Identity()) || bytes.Equal(read.Bytes(), write.Bytes()) {
			t.Errorf("%s: another identity, or the same key", proof)
		}
		if other := made(p, get(t, proof, "Cookie: sid=b", "X-Api-Key: k")); bytes.Equal(read.Identity(), other.Identity()) {
			t.Errorf("%s: one identity for two users", proof)
		}
		// Alone it is all there is.
		alone, another := made(p, get(t, proof)), made(p, get(t, proof+"2"))
		if len(alone.Identity()) != 32 || alone.Audience() == share.Everybody || bytes.Equal(alone.Identity(), another.Identity()) {
			t.Errorf("%s alone: %x and %x", proof, alone.Identity(), another.Identity())
		}
	}
}

// Two credentials must never be taken for two others that read the same when
// written one behind the other.
func TestCredentialsDoNotRunIntoEachOther(t *testing.T) {
	p := policy(nil)
	seen := map[string][]string{}
	for _, lines := range [][]string{
		{"Authorization: ab"}, {"Authorization: a", "X-Api-Key: b"}, {"Authorization: a", "X-Token: b"}, {"X-Api-Key: a", "Authorization: b"},
		{"Authorization: a x-api-key:b"}, {"Authorization: a", "Authorization: b"}, {"Authorization: b", "Authorization: a"}, {"Authorization: a, b"},
		{"Authorization: a\tb"}, {"Cookie: a=b", "Authorization: a"}, {"Cookie: a=b; authorization:a"}, {"Cookie: a=b", "Cookie: c=d"}, {"Cookie: a=b; c=d"},
		{"Cookie: c=d", "Cookie: a=b"}, {"Cookie: a=b, c=d"}, {"X-Token: a"}, {"Token: a"}, {"Token: a", "X-A: a"}, {"X-A: a"}, nil,
	} {
		k := made(p, get(t, lines...))
		if old, ok := seen[string(k.Bytes())]; ok {
			t.Errorf("%q and %q share", lines, old)
		}
		seen[string(k.Bytes())] = lines
	}
}

func TestAKeyCanBeMadeAgainForSomebodyElse(t *testing.T) {
	p := policy(nil)
	heads := []*head.Head{
		get(t, "Authorization: "+canary, "Cookie: a=b; _ga=1; c=d", "Prefer: wait=1, x", "X-A: 1"), get(t), get(t, "Cookie: sid=x"), target(t, "/y?_=1&b"), get(t, "Accept: a", "Accept: b"),
		get(t, "Authorization: "+strings.Repeat("x", 5000)),
	}
	k := new(share.Key)
	for i := range 30 {
		h := heads[i%len(heads)]
		p.Make(k, h, share.Ask{})
		fresh := made(p, h)
		if !bytes.Equal(k.Bytes(), fresh.Bytes()) || wire(k) != wire(fresh) || (k.Audience() != share.Everybody) != (fresh.Audience() != share.Everybody) || !bytes.Equal(k.Identity(), fresh.Identity()) {
			t.Fatalf("%d: something is left:\n%q\n%q", i, k.Bytes(), fresh.Bytes())
		}
	}
}

func TestKeysAreMadeConcurrently(t *testing.T) {
	p := policy(nil)
	h := make([]*head.Head, 8)
	want := make([]string, len(h))
	for i := range h {
		h[i] = get(t, fmt.Sprintf("Authorization: %d", i), "Cookie: sid=x; _ga=1")
		want[i] = string(made(p, h[i]).Bytes())
	}
	done := make(chan bool)
	for i := range h {
		go func() {
			var k share.Key
			ok := true
			for range 1000 {
				p.Make(&k, h[i], share.Ask{})
				ok = ok && string(k.Bytes()) == want[i]
			}
			done <- ok
		}()
	}
	for range h {
		if !<-done {
			t.Error("a key changed")
		}
	}
}
