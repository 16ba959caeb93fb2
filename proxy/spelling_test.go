package proxy

import (
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// anySpelling is an origin that asks on /me who it is and nowhere else, and reads
// paths as leniently as any.
func anySpelling(x *legacy.Request) legacy.Answer {
	if x.Path == "/me" {
		if x.Header.Get("Authorization") != "Bearer alice" {
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Body: []byte("alice")}
	}
	read, _, _ := strings.Cut(x.Target, "?")
	for range 2 {
		if decoded, err := url.PathUnescape(read); err == nil {
			read = decoded
		}
	}
	read = strings.ReplaceAll(read, "\\", "/")
	segments := strings.Split(read, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	switch read = strings.ToLower(path.Clean(strings.Join(segments, "/"))); {
	case strings.HasPrefix(read, "/vault/open/"):
		return legacy.Answer{Body: []byte("open")}
	case strings.HasPrefix(read, "/vault/"), read == "/notes/mine":
		return legacy.Answer{Body: []byte("secret")}
	}
	return legacy.Answer{Body: []byte("other")}
}

func TestNoSpellingOfAPathGoesRoundTheRouteThatGuardsIt(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	origin.AnswerFunc(anySpelling)
	for _, mode := range []string{"pass", "coalesce"} {
		r := newRigFor(t, origin, strings.NewReplacer("URL", strconv.Quote(origin.URL()), "MODE", mode).Replace(`upstreams:
  api: {servers: [URL]}
routes:
  - {path: /vault/open/**, upstream: api, mode: MODE, name: open}
  - {path: /Vault/**, upstream: api, share: authorize, authorize: {path: /me, ttl: 1h}, name: spare}
  - {path: /vault/**, upstream: api, share: authorize, authorize: {path: /me, ttl: 1h}, name: vault}
  - {path: /notes/mine, upstream: api, share: authorize, authorize: {path: /me, ttl: 1h}, name: mine}
  - {path: /**, upstream: api, mode: MODE, name: rest}
`))
		ask := func(target, who string) string {
			return r.raw("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer " + who + "\r\n\r\n")
		}
		for _, target := range []string{
			"/vault/a", "/%76ault/a", "/%2576ault/a", "/VAULT/a", "/%56ault/a", "//vault/a", "/./vault/a", "/x/../vault/a", "/x/..%2fvault/a", "/x/%2e%2e/vault/a",
			"/x%2f..%2fvault/a", "/vault;b/a", "/vault%2fa", "/x\\..\\vault\\a", "/vault/open/../a", "/vault/open/..%2fa", "/vault/open/%2e%2e/a", "/vault/open/..;/a",
			"/notes/mine/", "/notes/Mine", "/notes/mine;b", "/notes%2fmine", "http://b/%76ault/a", "/%76ault/a?x=/vault/open/",
		} {
			if answer := ask(target, "mallory"); !strings.HasPrefix(answer, "HTTP/1.1 401") || strings.Contains(answer, "secret") {
				t.Errorf("%s, %q: mallory got %q", mode, target, answer)
			}
			if answer := ask(target, "alice"); !strings.HasSuffix(answer, "secret") {
				t.Errorf("%s, %q: alice got %q", mode, target, answer)
			}
		}
		for target, want := range map[string]string{
			"/vault/open/a": "open", "/VAULT/open/a": "open", "/vaults/a": "other", "/x?/vault/a": "other", "/notes": "other",
		} {
			if answer := ask(target, "mallory"); !strings.HasSuffix(answer, want) {
				t.Errorf("%s, %q: mallory got %q", mode, target, answer)
			}
		}
	}
}
