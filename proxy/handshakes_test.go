package proxy

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestAnOriginWhoseTLSFailsGetsNothing: neither a poll nor a write, and who
// waits for it is told in time.
func TestAnOriginWhoseTLSFailsGetsNothing(t *testing.T) {
	lender := httptest.NewUnstartedServer(nil) // of a certificate that nobody trusts
	lender.Config.ErrorLog = log.New(io.Discard, "", 0)
	lender.StartTLS()
	defer lender.Close()
	old := &tls.Config{Certificates: lender.TLS.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	for name, c := range map[string]struct {
		wrap    func(net.Listener) net.Listener
		timeout time.Duration
		status  int // 0: it depends on what the server takes the greeting for
	}{
		"a certificate of its own": {func(l net.Listener) net.Listener { return tls.NewListener(l, lender.TLS) }, await.Patience, 502},
		"an old version":           {func(l net.Listener) net.Listener { return tls.NewListener(l, old) }, await.Patience, 502},
		"no TLS at all":            {func(l net.Listener) net.Listener { return l }, timeout, 0},
		"silence":                  {func(l net.Listener) net.Listener { return silent{l} }, timeout, 504},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			origin := legacy.NewFaulty(legacy.Answer{Body: []byte("secret")}, nil)
			origin.ListenOn(c.wrap(l))
			t.Cleanup(origin.Close)
			yaml := routeYAML("https://"+l.Addr().String(), nil)
			r := newRigFor(t, origin, strings.Replace(yaml, "timeout: 3s", "timeout: "+c.timeout.String(), 1))
			for _, method := range []string{"GET", "POST"} {
				begin := time.Now()
				a := r.do(method, "/x", "", "Authorization", "secret")
				if a.StatusCode != cmp.Or(c.status, a.StatusCode) || a.StatusCode < 502 || strings.Contains(a.body, "certificate") {
					t.Errorf("%s: %d %s", method, a.StatusCode, a.body)
				}
				if took := time.Since(begin); took > patience {
					t.Errorf("%s: it took %v", method, took)
				}
			}
			for _, request := range origin.Requests() {
				if request.Method != "" || strings.Contains(string(request.Head), "secret") {
					t.Errorf("it got %q", request.Head)
				}
			}
		})
	}
}

// silent accepts connections and does nothing with them.
type silent struct{ net.Listener }

func (s silent) Accept() (net.Conn, error) {
	for {
		c, err := s.Listener.Accept()
		if err != nil {
			return nil, err
		}
		defer c.Close()
	}
}
