package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/testdata/golden"
)

const explainConfig = `upstreams: {api: {servers: ["http://127.0.0.1:1"], budget: 20/s}}
routes:
  - {path: /api/messages, host: chat.example.com, upstream: api, mode: pass}
  - name: scores
    path: /api/scores/**
    upstream: api
    interval: {min: 500ms, max: 5s}
    key: {ignore_cookies: ["ab_*"]}
    refresh_on: [{method: POST, path: /api/scores/**}]
  - {path: /reports/**, upstream: api, share: authorize, authorize: {path: /me}}
`

func TestExplainSaysWhatBecomesOfARequest(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pollmux.yaml")
	write(t, file, explainConfig)
	var all strings.Builder
	for _, args := range [][]string{
		{"-H", "Cookie: _ga=1; sid=topsecret; ab_x=2", "-H", "Authorization: Bearer hunter2hunter2", "-H", "X-Tenant: acme", "-H", "User-Agent: curl/8", "http://api.example.com/api/scores/7?league=1&_=17"},
		{"-H", "Accept: text/event-stream", "/reports/1"},
		{"--method", "DELETE", "/api/scores/7"},
		{"-H", "Accept: text/event-stream", "http://chat.example.com/api/messages"},
	} {
		code, stdout, stderr := runLine(t, append([]string{"explain", "--config", file}, args...)...)
		if code != 0 || stderr != "" || strings.Contains(stdout, "topsecret") || strings.Contains(stdout, "hunter2") {
			t.Errorf("%q: exit %d, %q\n%s", args, code, stderr, stdout)
		}
		all.WriteString(stdout + "\n----\n")
	}
	said := regexp.MustCompile(`CDN-Loop: pollmux-[0-9a-f]{8}`).ReplaceAllString(all.String(), "CDN-Loop: pollmux-00000000")
	golden.Equal(t, "explain.txt", strings.ReplaceAll(said, dir+string(filepath.Separator), ""))
}

func TestExplainOfWhatMatchesNoRouteFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, explainConfig)
	code, stdout, stderr := runLine(t, "explain", "--config", file, "/nothing")
	if code != 1 || stderr != "" || !strings.HasPrefix(stdout, "GET localhost/nothing\nrefused with 404: no route matches this host and path\n") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
	code, stdout, _ = runLine(t, "explain", "--config", file, "--json", "/reports/1")
	var said explain.Explanation
	if err := json.Unmarshal([]byte(stdout), &said); code != 0 || err != nil || said.Route.Name != "/reports/**" || said.Sharing.LetIn != nil || said.Feed != nil {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
}

func TestExplainAsksARunningProxy(t *testing.T) {
	s := startSite(t)
	if code, _ := fetch(t, s.url()+"/scores"); code != 200 {
		t.Fatal(code)
	}
	code, stdout, stderr := runLine(t, "explain", "--admin", s.admin, "-H", "Cookie: sid=topsecret", "http://"+s.serve+"/scores")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\nnow nobody has asked with this key of late") || strings.Contains(stdout, "topsecret") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = runLine(t, "explain", "--admin", "http://"+s.admin, "--from", "127.0.0.1", "http://"+s.serve+"/scores")
	if code != 0 || !strings.Contains(stdout, ": version 1, 7 bytes, ") || !strings.Contains(stdout, "no poll is planned") {
		t.Errorf("exit %d, %q\n%s", code, stderr, stdout)
	}
	if code, _, stderr := runLine(t, "explain", "--admin", s.serve, "/x"); code != 1 || !strings.Contains(stderr, "and not the one for clients?") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}
