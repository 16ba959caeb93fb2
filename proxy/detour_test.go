package proxy

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// What an operator did not route cannot be reached by writing it otherwise: not
// past the end of a pattern, nor by another host's routes or upstream's.
func TestNoSpellingOfAPathLeadsOutOfWhatIsRouted(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("ok")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	yaml := strings.ReplaceAll(`upstreams:
  api: {servers: [URL]}
  other: {servers: [URL]}
routes:
  - {path: /api/**, upstream: api, mode: pass, name: api}
  - {path: /files/*, upstream: api, mode: pass, name: files}
  - {path: /other/**, upstream: other, mode: pass, name: other}
  - {path: /admin/**, host: admin.example.com, upstream: api, mode: pass, name: admin}
`, "URL", `"`+origin.URL()+`"`)
	r := newRigFor(t, origin, yaml)
	for _, test := range []struct {
		targets []string
		status  string
	}{
		{[]string{
			"/api/../admin", "/api/x/../../admin/y", "/api/%2e%2e/admin", "/api/.%2E/admin", "/api/..%2fadmin", "/api/..%5cadmin", "/api/..\\admin", "/api/%252e%252e/admin",
			"/api/%252e%252e%252fadmin", "/api/..;/admin", "/api/..;a=b/admin", "/api/..%3b/admin", "/api/./../admin", "/api//../../admin", "/api/../other/x", "/files/..%2fadmin",
			"/files/..%2f..%2f..%2fetc%2fpasswd", "/api/..", "/api/../", "/api/..?x=/api/", "http://a/api/../admin", "/api/../admin%00",
		}, "404"},
		{[]string{
			"/api/x/../y", "/api/x/%2e%2e/y", "/api//x", "/api/./x", "/api/x;a=b", "/api/x%2fy", "/files/a%2fb", "/files/a%2f..%2fb", "/api/...", "/api/..x", "/api/x..", "/api/%2e%2ex",
			"/api/a\\b", "/api/x?y=../../admin", "/api/../files/x", "/api/../api/x",
		}, "200"},
	} {
		for _, target := range test.targets {
			before := r.polls()
			answer := r.raw("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(answer, "HTTP/1.1 "+test.status) || (r.polls() > before) != (test.status == "200") {
				t.Errorf("%q: want %s, got %q", target, test.status, answer)
			}
		}
	}
	answer := r.raw("GET /api/../admin/x HTTP/1.1\r\nHost: admin.example.com\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200") {
		t.Errorf("what is routed may be written otherwise: %q", answer)
	}
	if answer := r.raw("POST /api/../admin HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 404") {
		t.Errorf("an expectation: %q", answer)
	}
}
