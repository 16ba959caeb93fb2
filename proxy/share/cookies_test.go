package share_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestOnlyTheCookiesThatCountAreSent(t *testing.T) {
	ignoring := func(r *config.Route) { r.Key.IgnoreCookies = config.Globs{"ab_*", "theme"} }
	naming := func(r *config.Route) {
		r.CredentialCookies = config.Globs{"sid", "app_*"}
		r.Key.IgnoreCookies = config.Globs{"theme"}
	}
	for _, test := range []struct {
		name   string
		change func(*config.Route)
		lines  []string
		want   string // lines on the wire; "" for no identity
	}{
		{"one", nil, []string{"Cookie: sid=a"}, "Cookie: sid=a"},
		{"several", nil, []string{"Cookie: b=2; a=1"}, "Cookie: b=2; a=1"},
		{"odd white space", nil, []string{"Cookie: b=2;a=1 ;\tc=3;;  ; d"}, "Cookie: b=2; a=1; c=3; d"},
		{"no name", nil, []string{"Cookie: =x; y"}, "Cookie: =x; y"},
		{"equals in the value", nil, []string{"Cookie: a=b=c=="}, "Cookie: a=b=c=="},
		{"quotes", nil, []string{`Cookie: a="1 2"; b="`}, `Cookie: a="1 2"; b="`},
		{"empty value", nil, []string{"Cookie: sid="}, "Cookie: sid="},
		{"nothing", nil, []string{"Cookie: ", "Cookie: ;", "Cookie:; ; "}, ""},
		{"analytics only", nil, []string{"Cookie: _ga=1; _gid=2; __utma=3; _ga_ABC=4"}, ""},
		{"analytics too", nil, []string{"Cookie: _ga=1; sid=a; _gid=2"}, "Cookie: sid=a"},
		{"analytics in another case", nil, []string{"Cookie: _GA=1"}, "Cookie: _GA=1"},
		{"almost analytics", nil, []string{"Cookie: ga=1; x_ga=2; _gi=3; gid=4"}, "Cookie: ga=1; x_ga=2; _gi=3; gid=4"},
		{"analytics without a value", nil, []string{"Cookie: _ga; sid=a"}, "Cookie: sid=a"},
		{"analytics in a value", nil, []string{"Cookie: sid=_ga=1"}, "Cookie: sid=_ga=1"},
		{"behind a comma", nil, []string{"Cookie: sid=a, _ga=1"}, "Cookie: sid=a, _ga=1"},
		{"a session that looks like analytics", nil, []string{"Cookie: _ga=1; _gallery_session=a; amp_session=b; _gate_key=c"}, "Cookie: _gallery_session=a; amp_session=b; _gate_key=c"},

		{"two lines", nil, []string{"Cookie: a=1", "Cookie: b=2"}, "Cookie: a=1\r\nCookie: b=2"},
		{"two lines in another order", nil, []string{"Cookie: b=2", "cookie: a=1"}, "Cookie: b=2\r\nCookie: a=1"},
		{"analytics first", nil, []string{"Cookie: _ga=1", "Cookie: sid=a"}, "Cookie: sid=a"},
		{"analytics last", nil, []string{"Cookie: sid=a", "Cookie: _ga=1"}, "Cookie: sid=a"},
		{"analytics on both", nil, []string{"Cookie: _ga=1; sid=a", "Cookie: _gid=1; b=2"}, "Cookie: sid=a\r\nCookie: b=2"},
		{"only analytics on both", nil, []string{"Cookie: _ga=1", "Cookie: _gid=1"}, ""},

		{"ignored", ignoring, []string{"Cookie: ab_test=1; theme=dark"}, ""},
		{"ignored too", ignoring, []string{"Cookie: ab_test=1; sid=a; theme=dark; themes=x; _ga=1"}, "Cookie: sid=a; themes=x"},
		{"ignored session", func(r *config.Route) { r.Key.IgnoreCookies = config.Globs{"_gallery_session"} }, []string{"Cookie: _gallery_session=a"}, ""},
		{"named", naming, []string{"Cookie: sid=a; theme=dark; _ga=1; app_x=1; SID=b; sid2=c"}, "Cookie: sid=a; app_x=1"},
		{"none named", naming, []string{"Cookie: theme=dark; _ga=1"}, ""},
		{"named twice", naming, []string{"Cookie: sid=a; sid=b", "Cookie: sid=c; x=y"}, "Cookie: sid=a; sid=b\r\nCookie: sid=c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := policy(test.change)
			k := made(p, get(t, test.lines...))
			if got := strings.TrimSuffix(lines(t, k), "\r\n"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if (k.Audience() != share.Everybody) != (test.want != "") {
				t.Errorf("private: %v", (k.Audience() != share.Everybody))
			}
			if test.want == "" {
				same(t, p, get(t, test.lines...), get(t))
			} else {
				same(t, p, get(t, test.lines...), get(t, strings.Split(test.want, "\r\n")...))
			}
		})
	}
}

func TestAnalyticsCookiesNeverCount(t *testing.T) {
	p := policy(nil)
	for _, glob := range share.AnalyticsCookies() {
		name, ok := strings.CutSuffix(glob, "*")
		if same(t, p, get(t), get(t, "Cookie: "+name+"=1")); ok {
			same(t, p, get(t), get(t, "Cookie: "+name+"XYZ.1-2=1"))
		}
		if name == "" || strings.ContainsAny(name, "*;, =") {
			t.Errorf("%q is no glob of a cookie", glob)
		}
	}
}

func TestAPublicRouteHasNoCookies(t *testing.T) {
	p := policy(public)
	for _, cookie := range []string{"sid=a", "_ga=1", "a=1; _ga=2"} {
		same(t, p, get(t), get(t, "Cookie: "+cookie, "cookie: x=y"))
	}
}
