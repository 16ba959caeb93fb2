//go:build unix

package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/pki"
)

const oneRoute = "upstreams: {api: {servers: ['http://127.0.0.1:9']}}\nroutes: [{path: /**, upstream: api}]\n"

func TestCheckReadsCertificates(t *testing.T) {
	ca, dir := pki.New(t), t.TempDir()
	c, k := ca.Pair("a.example")
	cert, key := pki.Files(t, dir, c, k)
	old := t.TempDir()
	c, k = ca.PairUntil(time.Date(2021, 2, 3, 0, 0, 0, 0, time.UTC), "a.example")
	oldCert, oldKey := pki.Files(t, old, c, k)
	for text, want := range map[string]string{
		fmt.Sprintf("tls: {cert: %s, key: %s}\n", cert, key):                                           "FILE: good: 1 upstream(s), 1 route(s)\n",
		fmt.Sprintf("# old\ntls:\n  cert: %s\n  key: %s\n", oldCert, oldKey):                           "FILE:3: tls.cert: warning: " + oldCert + " has expired on 2021-02-03; renew it\nFILE: good: 1 upstream(s), 1 route(s)\n",
		fmt.Sprintf("tls: [{cert: %s, key: %s}, {cert: %s/x, key: %s}]\n", cert, key, dir, key):        "FILE:1: tls[1].cert: " + dir + "/x does not exist; check the path, and the directory that it starts from\n",
		fmt.Sprintf("listen:\n- {address: ':1', tls: {cert: %s,\n    key: %s}}\n", cert, oldKey):       "FILE:3: listen[0].tls.key: " + oldKey + " is not the key of the first certificate in " + cert + "; name the key that belongs to it, and put the certificate itself before those that lead to its root\n",
		fmt.Sprintf("listen:\n- ':1'\n- {address: ':2', tls: {cert: %s, key: %s}}\n", oldCert, oldKey): "FILE:3: listen[1].tls.cert: warning: " + oldCert + " has expired on 2021-02-03; renew it\nFILE: good: 1 upstream(s), 1 route(s)\n",
	} {
		file := filepath.Join(t.TempDir(), "pollmux.yaml")
		write(t, file, text+oneRoute)
		code, stdout, stderr := runLine(t, "check", file)
		if got := strings.ReplaceAll(stdout, file, "FILE"); got != want || stderr != "" || (code == 0) != strings.Contains(want, "good") {
			t.Errorf("exit %d, %q\n%swant\n%s", code, stderr, got, want)
		}
		if code == 0 {
			continue
		}
		if code, _, stderr := runLine(t, "serve", "--config", file); code != 1 || strings.ReplaceAll(stderr, file, "FILE") != want {
			t.Errorf("serve: exit %d, %q", code, stderr)
		}
	}
}

func TestServeSpeaksTLSAndTellsWhenItsCertificateEnds(t *testing.T) {
	ca := pki.New(t)
	end := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	c, k := ca.PairUntil(end, "127.0.0.1")
	cert, key := pki.Files(t, t.TempDir(), c, k)
	s := startSite(t, fmt.Sprintf("tls: {cert: %s, key: %s}", cert, key))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: ca.Trust(), ForceAttemptHTTP2: true, DisableKeepAlives: true}}
	resp, err := client.Get("https://" + s.serve + "/scores")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || string(body) != `{"v":1}` || resp.ProtoMajor != 1 {
		t.Errorf("%q, %v, %s", body, err, resp.Proto)
	}
	want := fmt.Sprintf("pollmux_tls_certificate_not_after_timestamp_seconds{cert=%q} %v", cert, float64(end.Unix()))
	if _, metrics := fetch(t, "http://"+s.admin+"/metrics"); !strings.Contains(metrics, want) {
		t.Errorf("no %s", want)
	}
	c, k = ca.PairUntil(end.Add(time.Hour), "127.0.0.1")
	pki.Files(t, filepath.Dir(cert), c, k)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the new one is shown", func() bool {
		c, err := tls.Dial("tcp", s.serve, ca.Trust())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].NotAfter.Equal(end.Add(time.Hour))
	})
	if status, body := fetch(t, "http://"+s.serve+"/scores"); status != 400 || !strings.Contains(body, "this port speaks TLS") {
		t.Errorf("plain HTTP: %d %q", status, body)
	}
}
