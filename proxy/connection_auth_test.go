package proxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// An origin that authenticates connections (NTLM, and Kerberos as some servers
// do it) takes whatever comes next on one for the same user's, with or without
// credentials. So nobody else's request may.
func TestNobodyIsTakenForTheUserWhoseConnectionItWas(t *testing.T) {
	type user struct{}
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		who := req.Context().Value(user{}).(*atomic.Value)
		if own := req.Header.Get("Authorization"); own != "" {
			who.Store(own)
		}
		if name, known := who.Load().(string); known {
			_, _ = io.WriteString(w, "for "+name)
			return
		}
		w.Header().Set("WWW-Authenticate", "NTLM")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	origin.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, user{}, new(atomic.Value))
	}
	origin.Start()
	t.Cleanup(origin.Close)
	for _, line := range []string{"share: auto", "share: public", "share: authorize", "mode: pass"} {
		r := newRigFor(t, nil, routeYAML(origin.URL, []string{line}))
		for _, scheme := range []string{"NTLM", "Negotiate"} {
			for _, method := range []string{"GET", "POST"} {
				if a := r.do(method, "/doc", "", "Authorization", scheme+" alices-ticket"); line != "share: public" && !strings.Contains(a.body, "alice") {
					t.Errorf("%s, %s: alice got %d %q", line, scheme, a.StatusCode, a.body)
				}
				for _, other := range []string{"GET", "POST"} {
					if a := r.do(other, "/doc", ""); a.StatusCode != http.StatusUnauthorized || strings.Contains(a.body, "alice") {
						t.Errorf("%s, %s after %s: nobody got %d %q", line, scheme, method, a.StatusCode, a.body)
					}
				}
			}
		}
	}
}
