package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
)

// writePair writes a certificate and its key, as PEM.
func writePair(t *testing.T, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"origin.test"}}
	der, err := x509.CreateCertificate(nil, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatAreNotGoodAreReportedInTheseWords(t *testing.T) {
	t.Chdir(t.TempDir())
	writePair(t, "good.pem", "good.key")
	writePair(t, "other.pem", "other.key")
	write(t, "empty.pem", "")
	write(t, "text.pem", "secret")
	write(t, "bad.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("secret")})))
	for want, tls := range map[string]config.UpstreamTLS{
		"": {CA: "good.pem", Cert: "good.pem", Key: "good.key"},
		`upstreams.api.tls.ca: "none.pem" is not there; the name is relative to where pollmux is started`:      {CA: "none.pem"},
		`upstreams.api.tls.ca: "." is not a file; name one in PEM`:                                             {CA: "."},
		`upstreams.api.tls.ca: "/dev/zero" is not a file; name one in PEM`:                                     {CA: "/dev/zero"},
		`upstreams.api.tls.ca: "empty.pem" is not in PEM, which has lines such as -----BEGIN CERTIFICATE-----`: {CA: "empty.pem"},
		`upstreams.api.tls.ca: "text.pem" is not in PEM, which has lines such as -----BEGIN CERTIFICATE-----`:  {CA: "text.pem"},
		`upstreams.api.tls.ca: has a block of type "PRIVATE KEY"; it may hold certificates only`:               {CA: "good.key"},
		`upstreams.api.tls.ca: has a certificate, number 1, that cannot be read: x509: malformed certificate`:  {CA: "bad.pem"},
		`upstreams.api.tls.cert: "none.pem" is not there; the name is relative to where pollmux is started`:    {Cert: "none.pem", Key: "good.key"},
		`upstreams.api.tls.key: "none.key" is not there; the name is relative to where pollmux is started`:     {Cert: "good.pem", Key: "none.key"},
		`upstreams.api.tls.cert: does not go with key: tls: private key does not match public key`:             {Cert: "good.pem", Key: "other.key"},
	} {
		c := built()
		c.Upstreams["api"].TLS = tls
		got := ""
		if err := c.Files(); err != nil {
			got = err.Error()
		}
		equal(t, "problem", got, want)
	}
}
