package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// identity writes a self-signed certificate and its key into a directory, as NAME.pem
// and NAME.key, and returns both.
func identity(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secureOrigin is an origin known as origin.test. told is what its clients say at the
// last handshake, and mutual has them show the certificate of that name.
func secureOrigin(t *testing.T, dir string, mutual bool, told *tls.ClientHelloInfo) *legacy.Faulty {
	t.Helper()
	c := &tls.Config{Certificates: []tls.Certificate{identity(t, dir, "origin.test")}, MinVersion: tls.VersionTLS12}
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		*told = *hello
		return nil, nil
	}
	if mutual {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		client, err := x509.ParseCertificate(identity(t, dir, "client.test").Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		c.ClientCAs.AddCert(client)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}, nil)
	f.ListenOn(tls.NewListener(l, c))
	t.Cleanup(f.Close)
	return f
}

func TestServersAreSpokenToByTLSAsConfigured(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, c := range map[string]struct {
		tls    string
		mutual bool
		status int
		sni    string
	}{
		"its authority and its name":   {`{ca: origin.test.pem, server_name: origin.test}`, false, 200, "origin.test"},
		"its authority, another name":  {`{ca: origin.test.pem, server_name: other.test}`, false, 502, "other.test"},
		"its authority, no name":       {`{ca: origin.test.pem}`, false, 502, ""},
		"the system's authorities":     {`{server_name: origin.test}`, false, 502, "origin.test"},
		"anybody":                      {`{insecure_skip_verify: true}`, false, 200, ""},
		"with a certificate of ours":   {`{ca: origin.test.pem, server_name: origin.test, cert: client.test.pem, key: client.test.key}`, true, 200, "origin.test"},
		"without one, which is needed": {`{ca: origin.test.pem, server_name: origin.test}`, true, 502, "origin.test"},
	} {
		t.Run(name, func(t *testing.T) {
			var told tls.ClientHelloInfo
			s := secureOrigin(t, dir, c.mutual, &told)
			yaml := fmt.Sprintf("upstreams:\n  api: {servers: [\"https://%s\"], tls: %s}\nroutes:\n  - {path: /passed, upstream: api, mode: pass}\n  - {path: /**, upstream: api, interval: 1h}\n", s.Addr(), c.tls)
			r := newRigFor(t, s, yaml)
			for _, path := range []string{"/x", "/passed"} {
				if a := r.get(path); a.StatusCode != c.status {
					t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
				}
			}
			if told.ServerName != c.sni || fmt.Sprint(told.SupportedProtos) != "[http/1.1]" || told.SupportedVersions[len(told.SupportedVersions)-1] < tls.VersionTLS12 {
				t.Errorf("the origin is told %q, %v, %v", told.ServerName, told.SupportedProtos, told.SupportedVersions)
			}
			if warned := strings.Contains(r.log.String(), "not verified"); warned != strings.Contains(c.tls, "insecure") {
				t.Errorf("the log says:\n%s", r.log)
			}
		})
	}
}

// TestAProxyOfBadFilesIsNone, and nothing of it is left.
func TestAProxyOfBadFilesIsNone(t *testing.T) {
	c, err := config.Parse("test.yaml", []byte(`upstreams:
  good: {servers: ["http://127.0.0.1:9000", "http://127.0.0.1:9001"], budget: 1/s, health: {path: /healthz}}
  bad: {servers: ["https://127.0.0.1:9000"], tls: {ca: none.pem}}
routes:
  - {path: /a, upstream: good}
  - {path: /b, upstream: bad}
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(c, Options{Version: "test", Log: slog.New(slog.DiscardHandler)})
	if want := `upstreams.bad.tls.ca: "none.pem" is not there; the name is relative to where pollmux is started`; p != nil || err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	stacks := make([]byte, 1<<20)
	for _, left := range []string{"origin.(*Server).watch", "feed.(*Dispatcher).run"} {
		if strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), left) {
			t.Errorf("%s is left", left)
		}
	}
}
