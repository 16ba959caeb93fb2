package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReadySaysWhatTheAdminListenerSays(t *testing.T) {
	status, text := http.StatusOK, "ready\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	defer server.Close()
	if code, stdout, stderr := runLine(t, "ready", "--admin", server.URL+"/"); code != 0 || stdout != "ready\n" || stderr != "" {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
	status, text = http.StatusServiceUnavailable, "draining\n"
	if code, stdout, stderr := runLine(t, "ready", "--admin", server.URL); code != 1 || stdout != "draining\n" || stderr != "" {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
	server.Close()
	if code, _, stderr := runLine(t, "ready", "--admin", server.URL); code != 1 || !strings.HasSuffix(stderr, "is pollmux running, and its admin.listen there?\n") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	if code, _, stderr := runLine(t, "ready", "--admin", "127.0.0.1:9090"); code != 2 || stderr != "pollmux: --admin: \"127.0.0.1:9090\" is not a URL; write http://host:port\n" {
		t.Errorf("exit %d, %q", code, stderr)
	}
}
