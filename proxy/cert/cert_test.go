package cert_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pollmux/pollmux/proxy/cert"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/pki"
)

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown is the certificate that a server shows to who asks for a name.
func shown(t *testing.T, k *cert.Keeper, name string, change func(*tls.Config)) (*x509.Certificate, tls.ConnectionState, error) {
	t.Helper()
	theirs, ours := net.Pipe()
	defer theirs.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer ours.Close()
		_ = tls.Server(ours, k.Config()).Handshake()
	}()
	asks := &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}
	if change != nil {
		change(asks)
	}
	c := tls.Client(theirs, asks)
	err := c.Handshake()
	state := c.ConnectionState()
	_ = theirs.Close()
	<-done
	if err != nil {
		return nil, state, err
	}
	return state.PeerCertificates[0], state, nil
}

func TestTheNameThatIsAskedForChoosesTheCertificate(t *testing.T) {
	ca := pki.New(t)
	var files []cert.Files
	for _, name := range []string{"first.example", "*.second.example"} {
		var f cert.Files
		c, k := ca.Pair(name)
		f.Cert, f.Key = pki.Files(t, t.TempDir(), c, k)
		files = append(files, f)
	}
	keeper, err := cert.Load(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"first.example": "first.example", "a.second.example": "*.second.example", "third.example": "first.example", "": "first.example"} {
		got, state, err := shown(t, keeper, name, nil)
		if err != nil || got.Subject.CommonName != want || state.NegotiatedProtocol != "http/1.1" || state.Version != tls.VersionTLS13 {
			t.Errorf("%q: %v, %v, %q, %x", name, err, got, state.NegotiatedProtocol, state.Version)
		}
	}
	if _, state, err := shown(t, keeper, "first.example", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }); err != nil || state.Version != tls.VersionTLS12 {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, _, err := shown(t, keeper, "first.example", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestWhatIsWrongWithAPairIsSaidWithWhatToDo(t *testing.T) {
	ca, dir := pki.New(t), t.TempDir()
	c, k := ca.Pair("a.example")
	_, other := ca.Pair("a.example")
	old, oldKey := ca.PairUntil(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), "a.example")
	at := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		put(t, path, data)
		return path
	}
	good, key := at("good.pem", c), at("good.key", k)
	encrypted := []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
	broken := []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	for name, test := range map[string]struct {
		files         cert.Files
		ofKey         bool
		warning, want string
	}{
		"good":             {files: cert.Files{Cert: good, Key: key}},
		"in one file":      {files: cert.Files{Cert: at("both.pem", append(append([]byte{}, k...), c...)), Key: filepath.Join(dir, "both.pem")}},
		"expired":          {files: cert.Files{Cert: at("old.pem", old), Key: at("old.key", oldKey)}, warning: "old.pem has expired on 2020-01-02; renew it"},
		"missing":          {files: cert.Files{Cert: filepath.Join(dir, "none"), Key: key}, want: "none does not exist; check the path, and the directory that it starts from"},
		"missing key":      {files: cert.Files{Cert: good, Key: filepath.Join(dir, "none")}, ofKey: true, want: "none does not exist; check the path, and the directory that it starts from"},
		"a directory":      {files: cert.Files{Cert: dir, Key: key}, want: " cannot be read: it is not a file"},
		"swapped":          {files: cert.Files{Cert: key, Key: good}, want: `good.key contains no certificate in PEM ("-----BEGIN CERTIFICATE-----")`},
		"a certificate":    {files: cert.Files{Cert: good, Key: good}, ofKey: true, want: `good.pem contains no private key in PEM ("-----BEGIN PRIVATE KEY-----")`},
		"encrypted":        {files: cert.Files{Cert: good, Key: at("enc.key", encrypted)}, ofKey: true, want: "enc.key is encrypted; write it without a passphrase (openssl pkey -in FILE -out FILE), and let only pollmux read it"},
		"broken":           {files: cert.Files{Cert: at("broken.pem", broken), Key: key}, want: "broken.pem contains a certificate that cannot be read: x509: malformed certificate"},
		"of another":       {files: cert.Files{Cert: good, Key: at("other.key", other)}, ofKey: true, want: "other.key is not the key of the first certificate in " + good + "; name the key that belongs to it, and put the certificate itself before those that lead to its root"},
		"larger than ever": {files: cert.Files{Cert: at("large.pem", make([]byte, 1<<20+1)), Key: key}, want: "large.pem cannot be read: it is larger than 1MiB"},
	} {
		warning, err := cert.Check(test.files)
		var wrong *cert.FileError
		switch {
		case test.want == "" && (err != nil || !strings.HasSuffix(warning, test.warning) || (warning == "") != (test.warning == "")):
			t.Errorf("%s: %q, %v", name, warning, err)
		case test.want != "" && (!errors.As(err, &wrong) || wrong.OfKey != test.ofKey || !strings.HasSuffix(err.Error(), test.want)):
			t.Errorf("%s: %v\nwant %s", name, err, test.want)
		}
	}
}

// A renewal as certbot does it: files in a new directory, and a link that is swapped.
func TestACertificateThatIsRenewedIsShownAndABadOneIsNot(t *testing.T) {
	ca, dir := pki.New(t), t.TempDir()
	live := filepath.Join(dir, "live")
	renew := func(version, name string, spoil bool) {
		t.Helper()
		own := filepath.Join(dir, version)
		if err := os.Mkdir(own, 0o700); err != nil {
			t.Fatal(err)
		}
		c, k := ca.Pair(name)
		if spoil {
			_, k = ca.Pair(name)
		}
		pki.Files(t, own, c, k)
		if err := os.Symlink(own, live+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(live+".new", live); err != nil {
			t.Fatal(err)
		}
	}
	renew("1", "one.example", false)
	var log await.Log
	keeper, err := cert.Load([]cert.Files{{Cert: filepath.Join(live, "cert.pem"), Key: filepath.Join(live, "key.pem")}}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := func(name string) {
		t.Helper()
		if got, _, err := shown(t, keeper, "x", nil); err != nil || got.Subject.CommonName != name {
			t.Errorf("shown: %v, %v; want %s", got, err, name)
		}
	}
	want("one.example")
	renew("2", "two.example", false)
	want("one.example") // nobody has looked
	if err := keeper.Reload(); err != nil {
		t.Error(err)
	}
	want("two.example")
	renew("3", "three.example", true)
	for range 3 {
		if err := keeper.Reload(); err == nil {
			t.Error("a key of another certificate is good enough")
		}
	}
	want("two.example")
	if text := log.String(); strings.Count(text, "new certificate refused; the old one stays") != 1 || strings.Count(text, "certificate replaced") != 1 {
		t.Errorf("the log:\n%s", text)
	}
	if got := figures(t, cert.Collector{keeper, keeper}); got["pollmux_tls_certificate_not_after_timestamp_seconds"] != 1 || got["pollmux_tls_certificate_refused_total"] != 1 {
		t.Errorf("metrics: %v", got)
	}
	renew("4", "four.example", false)
	if err := keeper.Reload(); err != nil {
		t.Error(err)
	}
	want("four.example")
}

func TestFilesAreLookedAtEveryTenSeconds(t *testing.T) {
	ca, dir := pki.New(t), t.TempDir()
	c, k := ca.Pair("one.example")
	certFile, keyFile := pki.Files(t, dir, c, k)
	synctest.Test(t, func(t *testing.T) {
		keeper, err := cert.Load([]cert.Files{{Cert: certFile, Key: keyFile}}, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		go keeper.Watch(t.Context())
		c, k := ca.Pair("two.example")
		pki.Files(t, dir, c, k)
		time.Sleep(cert.Pace + time.Millisecond)
		synctest.Wait()
		got, err := keeper.Config().GetCertificate(&tls.ClientHelloInfo{})
		if err != nil || got.Leaf.Subject.CommonName != "two.example" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// figures is of how many series each metric consists.
func figures(t *testing.T, c prometheus.Collector) map[string]int {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, f := range families {
		series[f.GetName()] = len(f.GetMetric())
	}
	return series
}
