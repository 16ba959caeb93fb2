package share_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// varying is an answer with these lines of Vary.
func varying(lines ...string) *origin.Response {
	resp := &origin.Response{Status: 200}
	for _, line := range lines {
		resp.Header = append(resp.Header, origin.Field{Name: "Vary", Value: line})
	}
	return resp
}

func TestVaryNamesWhatTheKeyLacks(t *testing.T) {
	for _, test := range []struct {
		lines []string
		known []string
		want  string // names, or "refused"
	}{
		{nil, nil, ""},
		{[]string{""}, nil, ""},
		{[]string{" , ,"}, nil, ""},
		{[]string{"Accept-Language"}, nil, "accept-language"},
		{[]string{"accept-LANGUAGE"}, []string{"accept-language"}, ""},
		{[]string{"User-Agent, Accept-Language", "user-agent"}, nil, "user-agent accept-language"},
		{[]string{"User_Agent"}, nil, "user-agent"},
		{[]string{"Referer,, \tDNT"}, []string{"dnt"}, "referer"},
		{[]string{"X-Forwarded-Proto"}, nil, "x-forwarded-proto"},
		{[]string{"Sec-Fetch-Site, Sec-CH-UA"}, nil, "sec-fetch-site sec-ch-ua"},
		// In the key already, or the same on every poll.
		{[]string{"Origin, Accept, Prefer, Cookie, Authorization, X-Api-Key, X-Tenant, Content-Type"}, nil, ""},
		{[]string{"Accept-Encoding, Range, If-None-Match, Host, Connection, Sec-WebSocket-Key, Cache-Control, TE"}, nil, ""},
		// Nobody knows, or nobody can say.
		{[]string{"*"}, nil, "refused"},
		{[]string{"Accept, *"}, nil, "refused"},
		{[]string{"*, Accept"}, nil, "refused"},
		{[]string{", *"}, nil, "refused"},
		{[]string{"* , *"}, nil, "refused"},
		{[]string{"Accept", "*"}, nil, "refused"},
		{[]string{"**"}, nil, ""},
		{[]string{"\"*\""}, nil, "refused"},
		{[]string{"Accept-Language User-Agent"}, nil, "refused"},
		{[]string{"Accept-Language;q=1"}, nil, "refused"},
		{[]string{"Accept, User-Agent:"}, nil, "refused"},
		{[]string{"Ünknown"}, nil, "refused"},
		{[]string{"\"Accept, Cookie\""}, nil, "refused"},
	} {
		for _, to := range audiences {
			got := policy(nil).Judge(varying(test.lines...), to, share.VaryOf(test.known...))
			names := strings.Join(got.Vary, " ")
			if test.want == "refused" && got.Reason != "vary" || test.want != "refused" && (got.Reason != "" || names != test.want) {
				t.Errorf("%q: %+v", test.lines, got)
			}
		}
	}
}

func TestWhatWasLearnedIsPartOfTheKeyFromThenOn(t *testing.T) {
	p := policy(nil)
	plain, german := get(t), get(t, "Accept-Language: de")
	before := made(p, german)
	if same(t, p, plain, german); !before.Current() {
		t.Error("not current at first")
	}
	if !p.Learn([]string{"accept-language", "dnt", "accept-language"}) || before.Current() {
		t.Error("nothing was learned")
	}
	after := made(p, german)
	if !after.Current() || after.Vary() != p.Vary() || !slices.Equal(p.Vary().Names(), []string{"accept-language", "dnt"}) {
		t.Errorf("%v", p.Vary().Names())
	}
	different(t, p, plain, german)
	different(t, p, german, get(t, "Accept-Language: fr"))
	same(t, p, german, get(t, "accept-LANGUAGE: de", "User-Agent: x"))
	if got := lines(t, after); got != "Accept-Language: de\r\n" {
		t.Errorf("on the wire: %q", got)
	}
	// The answer that said so was made for a request without the field.
	if !bytes.Equal(made(p, plain).Bytes(), before.Bytes()) {
		t.Error("those who have none of the fields lost their feed")
	}
	if p.Learn([]string{"dnt"}) || p.Learn(nil) || !after.Current() {
		t.Error("learned twice")
	}
	old := p.Vary()
	if !p.Learn([]string{"x-ot-a"}) || len(old.Names()) != 2 {
		t.Error("a set changed")
	}
}

func TestTheOperatorHasTheLastWordOnWhatIsLearned(t *testing.T) {
	p := policy(func(r *config.Route) {
		r.Key.IgnoreHeaders = []string{"Accept-Language"}
		r.CredentialHeaders = []string{"Referer"}
	})
	p.Learn([]string{"accept-language", "referer", "cookie", "authorization"})
	same(t, p, get(t), get(t, "Accept-Language: de"))
	k := made(p, get(t, "Referer: "+canary, "Cookie: sid="+canary, "Authorization: "+canary))
	if k.Audience() == share.Everybody || bytes.Contains(k.Bytes(), []byte(canary)) {
		t.Errorf("%q", k.Bytes())
	}
	p = policy(public)
	p.Learn([]string{"cookie", "authorization", "x-api-key"})
	same(t, p, get(t), get(t, "Cookie: sid=a", "Authorization: b", "X-Api-Key: c"))
}

// An origin that names a forwarding field believes it. On a passed request an
// untrusted client's is replaced; on a poll it is not there.
func TestALearnedForwardingFieldIsBelievedOfATrustedPeerOnly(t *testing.T) {
	p := policy(nil)
	p.Learn([]string{"x-forwarded-for", "x-forwarded-proto", "accept-language"})
	h := get(t, "X-Forwarded-For: 127.0.0.1", "X_Forwarded_Proto: https")
	if same(t, p, get(t), h); lines(t, made(p, h)) != "" {
		t.Errorf("a stranger's is on the wire:\n%s", wire(made(p, h)))
	}
	k := asked(p, h, share.Ask{Trusted: true})
	if got := lines(t, k); got != "X-Forwarded-For: 127.0.0.1\r\nX_forwarded_proto: https\r\n" {
		t.Errorf("a trusted peer's: %q", got)
	}
	if bytes.Equal(k.Bytes(), made(p, h).Bytes()) {
		t.Error("the two share")
	}
	// What the operator names, the operator vouches for.
	p = policy(func(r *config.Route) { r.Key.Headers = []string{"X-Forwarded-For"} })
	p.Learn([]string{"x-forwarded-for"})
	different(t, p, get(t), h)
}

func TestAnOriginThatNamesTooManyFieldsIsNotShared(t *testing.T) {
	names := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("sec-%02d", i))
		}
		return all
	}
	for _, test := range []struct {
		named, known int
		want         share.Reason
	}{
		{share.MaxVary, 0, ""}, {share.MaxVary + 1, 0, "vary"}, {share.MaxVary, share.MaxVary, ""}, {share.MaxVary + 1, share.MaxVary, "vary"}, {share.MaxVary + 1, 1, "vary"},
		// Two feeds that learned at once can know more: that is no reason for
		// answers that name nothing new.
		{0, share.MaxVary + 3, ""}, {share.MaxVary + 3, share.MaxVary + 3, ""}, {share.MaxVary + 4, share.MaxVary + 3, "vary"},
	} {
		resp := varying(names(test.named)...)
		if got := policy(nil).Judge(resp, share.Everybody, share.VaryOf(names(test.known)...)); got.Reason != test.want {
			t.Errorf("%+v: %+v", test, got)
		}
	}
}
