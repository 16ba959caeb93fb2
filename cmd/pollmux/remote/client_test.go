package remote

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnAnswerIsDecoded(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/x" || r.Header.Get("Authorization") != "Bearer sesame" {
			w.WriteHeader(404)
		}
		_, _ = w.Write([]byte(`{"a": 7}`))
	}))
	defer s.Close()
	for _, address := range []string{s.URL, s.URL + "/", strings.TrimPrefix(s.URL, "http://")} {
		c, err := New(address, "sesame")
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ A int }
		if err := c.Read(t.Context(), "/api/x", &got); err != nil || got.A != 7 {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
}

func TestWhatGoesWrongSaysWhatToDo(t *testing.T) {
	for status, want := range map[int]string{
		401: "wants its token: set POLLMUX_ADMIN_TOKEN to admin.token of its configuration",
		403: "answers only who asks by address or as localhost: write --admin http://127.0.0.1:9090, or set admin.token",
		404: "knows nothing of this: is it pollmux's admin listener, and not the one for clients?",
		400: "cannot answer that: because",
		503: "answers 503 Service Unavailable",
		200: "does not speak as pollmux's admin listener does: is --admin right? (invalid character 'u' looking for beginning of value)",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("usage\nbecause\n"))
		}))
		c, err := New(s.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		var into any
		err = c.Read(t.Context(), "/", &into)
		if err == nil || err.Error() != s.URL+" "+want {
			t.Errorf("%d: %v", status, err)
		}
		if errors.Is(err, ErrToken) != (status == 401) {
			t.Errorf("%d: %v is about a token", status, err)
		}
		s.Close()
		if err := c.Read(t.Context(), "/", &into); err == nil || !strings.HasSuffix(err.Error(), "connection refused; is pollmux running, and is that its admin listener (--admin)?") {
			t.Errorf("nobody there: %v", err)
		}
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	for address, want := range map[string]string{
		"":                      "is none",
		"ftp://127.0.0.1":       "is none",
		"http://":               "is none",
		"http://a:b@127.0.0.1/": "has a user name",
		"http://127.0.0.1/?a":   "has a query",
		"127.0.0.1:x":           "is none",
	} {
		if _, err := New(address, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
