package share_test

import (
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestWhoIsOneUser(t *testing.T) {
	plain := policy(nil)
	named := policy(func(r *config.Route) {
		r.CredentialHeaders = []string{"X-Build"}
		r.CredentialCookies = config.Globs{"theme"}
	})
	for _, test := range []struct {
		policy *share.Policy
		line   string
		want   share.Audience
	}{
		{plain, "X-Unknown: a", share.Everybody},
		{plain, "Cookie: _ga=1", share.Everybody},
		{plain, "Cookie:", share.Everybody},
		{plain, "X-Api-Key: 0123456789abcdef", share.Identified},
		{plain, "x_api_key: 0123456789abcdef", share.Identified},
		{plain, "Authorization: Bearer undefined", share.Identified},
		{plain, "Authorization: Bearer null", share.Identified},
		{plain, "Authorization: anonymous", share.Identified},
		{plain, "X-Amz-User-Agent: aws-sdk-js/2.1100", share.Identified},
		{plain, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", share.Identified},
		{plain, "X-CSRF-Token: 0123456789abcdef", share.Identified},
		{plain, "X-Forwarded-Groups: everybody", share.Identified},
		{plain, "Cookie: theme=dark", share.Identified},
		{plain, "Cookie: theme=dark; lang=de; consent=session_0123456789abcdef", share.Identified},
		{plain, "Cookie: session=", share.Identified},
		{plain, "Cookie: __Secure-lang=en_US.UTF-8.and.more", share.Identified},
		{plain, "Cookie: sessions_banner=0123456789abcdef", share.Identified},
		{plain, "Authorization: Bearer 01234567", share.OneUser},
		{plain, "Authorization: Basic YW5uOmh1bnRlcjI=", share.OneUser},
		{plain, "X-Auth-Token: 01234567", share.OneUser},
		{plain, "X-Amz-Security-Token: 0123456789abcdef", share.OneUser},
		{plain, "Cookie: theme=dark; PHPSESSID=0123456789abcdef", share.OneUser},
		{plain, "Cookie: JSessionID=0123456789abcdef", share.OneUser},
		{plain, "Cookie: _app_session=0123456789abcdef", share.OneUser},
		{named, "X-Build: a", share.OneUser},
		{named, "Cookie: theme=dark; lang=de", share.OneUser},
		{named, "Cookie: sid=0123456789abcdef", share.Everybody},
		{named, "X-Api-Key: 0123456789abcdef", share.Identified},
	} {
		if got := made(test.policy, get(t, test.line)).Audience(); got != test.want {
			t.Errorf("%s: %d, want %d", test.line, got, test.want)
		}
	}
	both := made(plain, get(t, "X-Api-Key: a", "Authorization: Bearer 01234567", "Cookie: theme=dark"))
	if both.Audience() != share.OneUser {
		t.Errorf("the strongest counts: %d", both.Audience())
	}
}

// A renewal that names a field its answer did not name is learned as well.
func TestARenewalTellsWhatItDependsOn(t *testing.T) {
	resp := answer(304, "Vary: Accept-Language, X-Known")
	got := policy(nil).JudgeRenewal(resp, share.Everybody, share.VaryOf())
	if got.Reason != "" || len(got.Vary) != 1 || got.Vary[0] != "accept-language" {
		t.Errorf("%+v", got)
	}
	if got := policy(nil).JudgeRenewal(resp, share.Everybody, share.VaryOf("accept-language")); len(got.Vary) != 0 {
		t.Errorf("known already: %+v", got)
	}
}
