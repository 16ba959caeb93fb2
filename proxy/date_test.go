package proxy

import (
	"net/http"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Every answer says when it was made: the origin, or else this proxy (RFC 9110
// section 6.6.1).
func TestAPassedAnswerKeepsItsDateOrGetsOne(t *testing.T) {
	const old = "Fri, 31 Dec 1999 23:59:59 GMT"
	r := newRig(t, "mode: pass")
	r.origin.Answer(legacy.Answer{Header: http.Header{"Date": {old}}, Body: []byte("x")}, "/dated")
	r.origin.Answer(legacy.Answer{Header: http.Header{"Date": nil}, Body: []byte("x")}, "/undated")
	for _, method := range []string{"GET", "HEAD", "POST"} {
		if got := r.do(method, "/dated", "").Header.Values("Date"); len(got) != 1 || got[0] != old {
			t.Errorf("%s: %q", method, got)
		}
		made, err := http.ParseTime(r.do(method, "/undated", "").Header.Get("Date"))
		if since := time.Since(made); err != nil || since > time.Hour || since < -time.Hour {
			t.Errorf("%s without one: %v, %v", method, made, err)
		}
	}
}
