package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// However a client logs out through pollmux, what it holds on to ends at once.
func TestEveryWayToLogOutThroughTheProxyIsNoted(t *testing.T) {
	who := []string{"Authorization", "Bearer alice-and-her-secret"}
	for name, logOut := range map[string]func(r *rig){
		"a write":            func(r *rig) { r.do("POST", "/api/logout", "", who...) },
		"a poll":             func(r *rig) { r.get("/api/logout", who...) },
		"a public poll":      func(r *rig) { r.get("/public/logout", who...) },
		"on its own route":   func(r *rig) { r.get("/docs/logout", who...) },
		"a refused poll":     func(r *rig) { r.get("/api/expired", who...) },
		"a passed handshake": func(r *rig) { _, _, _ = r.handshake("/api/logout", append(who, "Sec-WebSocket-Protocol", "a")...) },
	} {
		t.Run(name, func(t *testing.T) {
			origin := legacy.NewFaulty(legacy.Answer{}, nil)
			if err := origin.Listen("127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(origin.Close)
			var out atomic.Bool
			origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				switch {
				case strings.HasSuffix(x.Path, "/logout"):
					out.Store(true)
					return legacy.Answer{Header: http.Header{"Set-Cookie": {"sid=; Max-Age=0"}}, Body: []byte("bye")}
				case strings.HasSuffix(x.Path, "/expired"):
					out.Store(true)
					return legacy.Answer{Status: 401}
				case out.Load() || x.Header.Get("Authorization") == "":
					return legacy.Answer{Status: 401}
				}
				return legacy.Answer{Body: []byte("v1")}
			})
			r := newRigFor(t, origin, fmt.Sprintf(`upstreams:
  api: {servers: [%q]}
routes:
  - {path: /docs/**, upstream: api, share: authorize, interval: 1h, authorize: {ttl: 1h}}
  - {path: /public/**, upstream: api, share: public}
  - {path: /api/**, upstream: api}
`, origin.URL()))
			s := r.stream("/docs/a", "text/event-stream", who...)
			if got := s.event(); got != "data: v1" {
				t.Fatal(got)
			}
			logOut(r)
			s.ended()
			if a := r.get("/docs/a", who...); a.StatusCode != 401 {
				t.Errorf("it came back: %d %q", a.StatusCode, a.body)
			}
		})
	}
}
