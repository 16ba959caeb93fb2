package share_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// answer is a response with these field lines.
func answer(status int, lines ...string) *origin.Response {
	resp := &origin.Response{Status: status}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		resp.Header = append(resp.Header, origin.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return resp
}

var audiences = []share.Audience{share.Everybody, share.Identified, share.OneUser}

func judge(resp *origin.Response, to share.Audience) share.Reason {
	return policy(nil).Judge(resp, to, share.VaryOf()).Reason
}

func TestNoStoreIsForCachesOnlyWhereTheOperatorSaysSo(t *testing.T) {
	told := policy(func(r *config.Route) { r.ShareNoStore = true })
	for _, c := range []struct {
		line string
		to   share.Audience
		want share.Reason
	}{
		{"Cache-Control: no-cache, no-store, must-revalidate", share.Everybody, ""},
		{"Cache-Control: no-store", share.Identified, "no-store"},
		{"Cache-Control: no-store", share.OneUser, ""}, // theirs, as ever
		{"Cache-Control: no-store, private", share.Everybody, "private"},
		{"Cache-Control: \"no-store\"", share.Everybody, "cache-control"},
		{"CDN-Cache-Control: no-store", share.Everybody, "no-store"},
		{"Surrogate-Control: no-store", share.Everybody, "no-store"},
		{"Set-Cookie: a=b", share.Everybody, "set-cookie"},
	} {
		for name, judge := range map[string]func(*origin.Response, share.Audience, *share.Vary) share.Verdict{"answer": told.Judge, "304": told.JudgeRenewal} {
			if got := judge(answer(200, c.line), c.to, share.VaryOf()).Reason; got != c.want {
				t.Errorf("%s of %q to %v: %q, want %q", name, c.line, c.to, got, c.want)
			}
		}
	}
}

func TestAStatusThatTellsWhatTheResourceIsMayBeShared(t *testing.T) {
	shared := map[int]bool{200: true, 202: true, 203: true, 204: true, 404: true, 410: true}
	for status := 100; status < 600; status++ {
		for _, to := range audiences {
			reason := judge(answer(status), to)
			if shared[status] != (reason == "") || reason != "" && !strings.HasPrefix(string(reason), "status-") {
				t.Errorf("%d: %q", status, reason)
			}
		}
	}
	if got := judge(answer(206), share.OneUser); got != "status-206" {
		t.Errorf("206: %q", got)
	}
}

// verdicts are the heads of answers of status 200.
var verdicts = []struct {
	lines []string
	want  share.Reason // to everybody
	own   share.Reason // to the connections of one identity
}{
	{nil, "", ""},
	{[]string{"Content-Type: application/json", "Date: x", "ETag: \"x\"", "Server: x", "Age: 5"}, "", ""},

	// For one client, whoever it is (L-4).
	{[]string{"Set-Cookie: sid=1"}, "set-cookie", "set-cookie"},
	{[]string{"set-cookie: sid=1"}, "set-cookie", "set-cookie"},
	{[]string{"SET-COOKIE:"}, "set-cookie", "set-cookie"},
	{[]string{"X-A: 1", "Set-Cookie: _ga=1", "Set-Cookie: b=2"}, "set-cookie", "set-cookie"},
	{[]string{"Set-Cookie2: sid=1"}, "set-cookie2", "set-cookie2"},
	{[]string{"Clear-Site-Data: \"cookies\""}, "clear-site-data", "clear-site-data"},
	{[]string{"WWW-Authenticate: Basic"}, "www-authenticate", "www-authenticate"},
	{[]string{"Proxy-Authenticate: Basic"}, "proxy-authenticate", "proxy-authenticate"},
	{[]string{"Authentication-Info: nextnonce=x"}, "authentication-info", "authentication-info"},
	{[]string{"Proxy-Authentication-Info: x"}, "proxy-authentication-info", "proxy-authentication-info"},
	{[]string{"Cache-Control: public", "Set-Cookie: a=b"}, "set-cookie", "set-cookie"},
	{[]string{"Content-Range: bytes 0-1/5"}, "content-range", "content-range"},

	// So is a credential in another field.
	{[]string{"X-Auth-Token: guest"}, "x-auth-token", "x-auth-token"},
	{[]string{"authorization: Bearer x"}, "authorization", "authorization"},
	{[]string{"X-CSRF-TOKEN: x"}, "x-csrf-token", "x-csrf-token"},
	{[]string{"X-Session-Id: x"}, "x-session-id", "x-session-id"},
	{[]string{"X_Auth_Token: x"}, "x-auth-token", "x-auth-token"},
	{[]string{"Set_Cookie: x"}, "set-cookie", "set-cookie"},
	{[]string{"X-Session: x"}, "x-session", "x-session"},
	{[]string{"access-token: x", "client: y"}, "access-token", "access-token"},
	{[]string{"X-Amz-Security-Token: x"}, "x-amz-security-token", "x-amz-security-token"},
	{[]string{"X-User-Id: 7"}, "names-a-user", ""},
	{[]string{"Remote_User: ann"}, "names-a-user", ""},
	{[]string{"X-Ms-Client-Principal-Name: ann"}, "names-a-user", ""},
	{[]string{"X-Amz-Request-Id: x", "X-Request-Id: y", "Signature: z", "X-Powered-By: q"}, "", ""},

	// L-6.
	{[]string{"Cache-Control:"}, "", ""},
	{[]string{"Cache-Control: public"}, "", ""},
	{[]string{"Cache-Control: max-age=60, s-maxage=0, must-revalidate"}, "", ""},
	{[]string{"Cache-Control: no-cache"}, "", ""},
	{[]string{"Cache-Control: no-cache=\"Set-Cookie\""}, "", ""},
	{[]string{"Cache-Control: no-transform, immutable, stale-while-revalidate=5, x"}, "", ""},
	{[]string{"Cache-Control: no-store"}, "no-store", ""},
	{[]string{"cache-control: NO-STORE"}, "no-store", ""},
	{[]string{"Cache-Control: max-age=60,no-store"}, "no-store", ""},
	{[]string{"Cache-Control: ,, no-store ,"}, "no-store", ""},
	{[]string{"Cache-Control: no-store=x"}, "no-store", ""},
	{[]string{"Cache-Control: no-store=\"\""}, "no-store", ""},
	{[]string{"Cache-Control: must-understand, no-store"}, "no-store", ""},
	{[]string{"Cache-Control: public", "Cache-Control: no-store"}, "no-store", ""},
	{[]string{"Cache-Control: public", "X-A: 1", "CACHE-CONTROL: max-age=1, Private"}, "private", ""},
	{[]string{"Cache-Control: private"}, "private", ""},
	{[]string{"Cache-Control: PriVate"}, "private", ""},
	{[]string{"Cache-Control: private=\"x-user\""}, "private", ""},
	{[]string{"Cache-Control: private=\"a, b\", max-age=5"}, "private", ""},
	{[]string{"Cache-Control: public, private"}, "private", ""},
	{[]string{"Cache-Control: private, public"}, "private", ""},
	{[]string{"Cache-Control: private=x"}, "private", ""},
	{[]string{"Cache-Control:\tprivate\t,\tmax-age=1"}, "private", ""},
	// Within a string it is no directive.
	{[]string{"Cache-Control: x=\"no-store, private\""}, "", ""},
	{[]string{"Cache-Control: x=\"\\\", no-store\""}, "", ""},
	{[]string{"Cache-Control: x=private"}, "", ""},
	{[]string{"Cache-Control: no-stored, privately, xprivate"}, "", ""},
	{[]string{"Cache-Control: x=\"a\\\"\", no-store"}, "no-store", ""},
	// What cannot be read may say anything.
	{[]string{"Cache-Control: max-age=\"1"}, "cache-control", ""},
	{[]string{"Cache-Control: \"no-store\""}, "cache-control", ""},
	{[]string{"Cache-Control: no-store;private"}, "cache-control", ""},
	{[]string{"Cache-Control: max-age=1 no-store"}, "cache-control", ""},
	{[]string{"Cache-Control: max-age 1, private"}, "cache-control", ""},
	{[]string{"Cache-Control: =private"}, "cache-control", ""},
	{[]string{"Cache-Control: x=\"a\"private"}, "cache-control", ""},
	{[]string{"Cache-Control: x=\"\\\""}, "cache-control", ""},
	{[]string{"Cache-Control: pr\xeevate"}, "cache-control", ""},
	{[]string{"Cache-Control: {\"private\"}"}, "cache-control", ""},
	{[]string{"Cache-Control: public", "Cache-Control: ;"}, "cache-control", ""},
	{[]string{"Cache-Control: x=y=z"}, "cache-control", ""},

	// Others' rules count where they are stricter.
	{[]string{"CDN-Cache-Control: no-store"}, "no-store", ""},
	{[]string{"CDN-Cache-Control: max-age=9, private", "Cache-Control: public"}, "private", ""},
	{[]string{"Cdn-Cache-Control: max-age=9", "Cache-Control: no-store"}, "no-store", ""},
	{[]string{"Surrogate-Control: no-store, content=\"ESI/1.0\""}, "no-store", ""},
	{[]string{"Surrogate-Control: max-age=3600+600"}, "", ""},
	{[]string{"Surrogate-Control: no-store;abc"}, "cache-control", ""},
	{[]string{"CDN-Cache-Control: \""}, "cache-control", ""},

	// L-7, in another test.
	{[]string{"Vary: *"}, "vary", "vary"},
	{[]string{"Vary: Accept-Encoding"}, "", ""},

	// H-25.
	{[]string{"Content-Encoding:"}, "", ""},
	{[]string{"Content-Encoding: identity"}, "", ""},
	{[]string{"Content-Encoding: Identity, identity"}, "", ""},
	{[]string{"Content-Encoding: gzip"}, "content-encoding", "content-encoding"},
	{[]string{"content-encoding: BR"}, "content-encoding", "content-encoding"},
	{[]string{"Content-Encoding: identity, gzip"}, "content-encoding", "content-encoding"},
	{[]string{"Content-Encoding: identity", "Content-Encoding: gzip"}, "content-encoding", "content-encoding"},
	{[]string{"Content-Encoding:", "Content-Encoding: gzip"}, "content-encoding", "content-encoding"},
	{[]string{"Content-Encoding: x"}, "content-encoding", "content-encoding"},

	// What does not end.
	{[]string{"Content-Type: text/event-stream"}, "stream", "stream"},
	{[]string{"Content-Type: Text/Event-Stream ; charset=utf-8"}, "stream", "stream"},
	{[]string{"Content-Type: multipart/x-mixed-replace; boundary=x"}, "stream", "stream"},
	{[]string{"Content-Type: text/event-streams"}, "", ""},
	{[]string{"Content-Type: text/plain; x=text/event-stream"}, "", ""},
	{[]string{"Content-Type: text/plain", "Content-Type: text/event-stream"}, "content-type", "content-type"},
	{[]string{"Content-Type: text/plain", "content-type: text/plain"}, "content-type", "content-type"},
}

func TestAnAnswerIsSharedOnlyIfItsHeadAllowsIt(t *testing.T) {
	if len(verdicts) < 60 {
		t.Errorf("%d heads", len(verdicts))
	}
	for _, test := range verdicts {
		for _, status := range []int{200, 404} {
			resp := answer(status, test.lines...)
			for to, want := range wants(test.want, test.own) {
				if got := judge(resp, to); got != want {
					t.Errorf("%d %q, to %d: %q, want %q", status, test.lines, to, got, want)
				}
			}
		}
	}
}

// wants is what becomes of an answer, by audience: among clients with the same
// weak credentials, private is allowed and no more.
func wants(everybody, oneUser share.Reason) map[share.Audience]share.Reason {
	identified := everybody
	if identified == "private" {
		identified = oneUser
	}
	return map[share.Audience]share.Reason{share.Everybody: everybody, share.Identified: identified, share.OneUser: oneUser}
}

// What a 304 says counts as if the answer that it renews said it.
func TestARenewalIsJudgedLikeTheAnswer(t *testing.T) {
	for _, test := range verdicts {
		resp := answer(304, test.lines...)
		for to, want := range wants(test.want, test.own) {
			switch want {
			case "content-encoding", "stream", "content-type":
				want = "" // there is no content
			}
			if got := policy(nil).JudgeRenewal(resp, to, share.VaryOf()); got.Reason != want || want != "" && got.Vary != nil {
				t.Errorf("%q: %+v, want %q", test.lines, got, want)
			}
		}
	}
	if got := policy(nil).JudgeRenewal(&origin.Response{Status: 304, Sloppy: "folded line"}, share.OneUser, share.VaryOf()); got.Reason != "malformed-head" {
		t.Errorf("%+v", got)
	}
}

// What the operator calls a credential, said back, is about whoever sent it, or
// makes one for whoever sent none.
func TestAnAnswerWithTheOperatorsOwnCredentialIsThatUsersAlone(t *testing.T) {
	p := policy(func(r *config.Route) { r.CredentialHeaders = []string{"X-Acme-User", "Under_Score", "Set-Cookie"} })
	for _, line := range []string{"X-Acme-User: ann", "x-acme-user: ann", "X_ACME_USER:", "Under-Score: ann", "under_score: ann"} {
		for to, want := range wants("names-a-user", "") {
			resp := answer(200, "Content-Type: text/plain", line)
			if got := p.Judge(resp, to, share.VaryOf()); got.Reason != want {
				t.Errorf("%s, to %d: %q, want %q", line, to, got.Reason, want)
			}
			if got := p.JudgeRenewal(resp, to, share.VaryOf()); got.Reason != want {
				t.Errorf("%s on a 304, to %d: %q, want %q", line, to, got.Reason, want)
			}
		}
		if got := judge(answer(200, line), share.Everybody); got != "" {
			t.Errorf("%s, on another route: %q", line, got)
		}
	}
	if got := p.Judge(answer(200, "Set-Cookie: a=b"), share.OneUser, share.VaryOf()); got.Reason != "set-cookie" {
		t.Errorf("naming it does not make it shared: %q", got.Reason)
	}
}

func TestAHeadThatHadToBeMendedIsNotShared(t *testing.T) {
	for _, to := range audiences {
		if got := judge(&origin.Response{Status: 200, Sloppy: "bare line feed"}, to); got != "malformed-head" {
			t.Errorf("%q", got)
		}
	}
}

func TestEventsAreKnownByTheirType(t *testing.T) {
	for contentType, want := range map[string]bool{
		"text/event-stream": true, "Text/Event-Stream;charset=utf-8": true, "multipart/x-mixed-replace": false, "": false, "text/event-streams": false,
	} {
		if got := share.IsEvents(answer(200, "Content-Type: "+contentType)); got != want {
			t.Errorf("%q: %v", contentType, got)
		}
	}
}
