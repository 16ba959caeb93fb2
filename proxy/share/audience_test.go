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
		{plain, "X-Api-Key: a", share.Identified},
		{plain, "x_api_key: a", share.Identified},
		{plain, "Cookie: theme=dark", share.Identified},
		{plain, "Cookie: theme=dark; lang=de; consent=session", share.Identified},
		{plain, "Authorization: Bearer a", share.OneUser},
		{plain, "X-Auth-Token: a", share.OneUser},
		{plain, "Cookie: theme=dark; PHPSESSID=a", share.OneUser},
		{plain, "Cookie: JSessionID=a", share.OneUser},
		{plain, "Cookie: _app_session=a", share.OneUser},
		{plain, "Cookie: __Host-x=a", share.OneUser},
		{plain, "Cookie: wordpress_logged_in_1234=a", share.OneUser},
		{named, "X-Build: a", share.OneUser},
		{named, "Cookie: theme=dark; lang=de", share.OneUser},
		{named, "Cookie: sid=1", share.Everybody},
		{named, "X-Api-Key: a", share.Identified},
	} {
		if got := made(test.policy, get(t, test.line)).Audience(); got != test.want {
			t.Errorf("%s: %d, want %d", test.line, got, test.want)
		}
	}
	both := made(plain, get(t, "X-Api-Key: a", "Authorization: b", "Cookie: theme=dark"))
	if both.Audience() != share.OneUser {
		t.Errorf("the strongest counts: %d", both.Audience())
	}
}

// A renewal that names a field its answer did not name is learned as well.
func TestARenewalTellsWhatItDependsOn(t *testing.T) {
	resp := answer(304, "Vary: Accept-Language, X-Known")
	got := share.JudgeRenewal(resp, share.Everybody, share.VaryOf())
	if got.Reason != "" || len(got.Vary) != 1 || got.Vary[0] != "accept-language" {
		t.Errorf("%+v", got)
	}
	if got := share.JudgeRenewal(resp, share.Everybody, share.VaryOf("accept-language")); len(got.Vary) != 0 {
		t.Errorf("known already: %+v", got)
	}
}
