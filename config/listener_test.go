package config_test

import (
	"path/filepath"
	"testing"

	"github.com/pollmux/pollmux/config"
)

func TestAListenerUsesItsOwnCertificatesOrThoseForAll(t *testing.T) {
	c := load(t, "valid-tls.yaml")
	equal(t, "plain", c.TLSOf(c.Listen[0]), config.KeyPairs{{Cert: "c.pem", Key: "c.key"}})
	equal(t, "own", c.TLSOf(c.Listen[1]), config.KeyPairs{{Cert: "a.pem", Key: "a.key"}, {Cert: "b.pem", Key: "b.key"}})
}

func TestAProblemThatIsFoundLaterHasItsLine(t *testing.T) {
	for _, tc := range []struct{ file, field, want string }{
		{"valid-tls.yaml", "listen[1].tls[1].key", "valid-tls.yaml:3: listen[1].tls[1].key: text"},
		{"valid-tls.yaml", "tls[0].cert", "valid-tls.yaml:4: tls.cert: text"},
		{"valid-tls.yaml", "drain_timeout", "valid-tls.yaml:1: drain_timeout: text"},
		{"missing.yaml", "tls[0].cert", "missing.yaml: tls[0].cert: text"},
	} {
		p := config.Locate(filepath.Join(testdata, tc.file), tc.field, "text")
		p.File = filepath.Base(p.File)
		equal(t, tc.field, p.String(), tc.want)
	}
}
