package origin

import (
	"testing"
	"time"
)

func TestAConnectionThatBelongsToAUserIsNotUsedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		line   string
		answer []string
		used   bool
	}{
		"no credentials":         {"", nil, true},
		"each request's own":     {"Authorization: Bearer negotiate\r\n", nil, true},
		"NTLM":                   {"Authorization: NTLM TlRMTVNTUAAB\r\n", nil, false},
		"Kerberos":               {"Authorization: Negotiate YIIZ\r\n", nil, false},
		"in any case":            {"aUTHORIZATION:negotiate YIIZ\r\n", nil, false},
		"between other fields":   {"A: b\r\nX-Authorization: ntlm a\r\nC: d\r\n", nil, false},
		"the server says it is":  {"", []string{"true"}, false},
		"the server says it not": {"", []string{"false"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			answer := plain("hello")
			if test.answer != nil {
				answer.Header = map[string][]string{"Persistent-Auth": test.answer}
			}
			r := newRig(t, answer)
			for range 2 {
				req := &Request{Method: "GET", Head: []byte("GET / HTTP/1.1\r\nHost: a\r\n" + test.line + "\r\n"), Timeout: time.Second}
				if _, body, err := r.do(req); err != nil || body != "hello" {
					t.Fatalf("%q, %v", body, err)
				}
			}
			if opened, want := accepted(r), map[bool]int{true: 1, false: 2}[test.used]; opened != want {
				t.Errorf("%d connections, want %d", opened, want)
			}
		})
	}
}

func TestWhatABodySaysBindsNothing(t *testing.T) {
	if bindsConnection([]byte("POST / HTTP/1.1\r\nHost: a\r\n\r\nAuthorization: NTLM a\r\n"), &head{}) {
		t.Error("it does")
	}
}

func accepted(r *rig) int {
	n, _ := r.Connections()
	return n
}
