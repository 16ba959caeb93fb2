package admin

import (
	"strings"
	"testing"
)

func TestAnExplanationIsJSONOrWords(t *testing.T) {
	r := newRig(t, newStub(t), "")
	a := r.do("GET", "/api/explain?url=/x&method=HEAD&header=Accept:%20text/event-stream&header=A:b&from=192.0.2.7").want(t, 200, "{\n  \"request\": {\n    \"method\": \"HEAD\"")
	if !strings.Contains(a.body, `"why": "Accept: text/event-stream|A:b192.0.2.7"`) || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Vary") != "Accept" {
		t.Errorf("%v %s", a.Header, a.body)
	}
	for accept, words := range map[string]bool{"text/plain": true, "text/plain, */*": true, "*/*": false, "application/json, text/plain": false, "text/html": false} {
		a := r.do("GET", "/api/explain?url=/x", "Accept", accept)
		if got := strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain"); got != words {
			t.Errorf("%s: %v", accept, a.Header)
		}
	}
}

func TestAQuestionThatCannotBeReadIsToldWhatToWrite(t *testing.T) {
	r := newRig(t, newStub(t), "")
	for query, want := range map[string]string{
		"":                        "url is missing",
		"?url=":                   "url is missing",
		"?url=/x&url=/y":          "url is given twice",
		"?url=/x&headers=a":       `unknown parameter "headers"`,
		"?url=/x&from=here":       "from is no address",
		"?url=/x&header=a":        `a header is not written as "Name: value"`,
		"?url=x":                  "the URL is neither a path such as /api/scores nor one such as http://api.example.com/api/scores",
		"?url=/a%zz":              `invalid URL escape "%zz"`,
		"?url=/x&method=A%20B":    `"A B" is no method; write GET, HEAD or POST`,
		"?url=/x&header=A:%0d%0a": "the value of A has a control character, which no header can have",
	} {
		a := r.do("GET", "/api/explain"+query).want(t, 400, "say which request: GET /api/explain?url=/api/scores")
		if !strings.HasSuffix(a.body, "\n"+want+"\n") {
			t.Errorf("%s: got %q, want %q", query, a.body, want)
		}
	}
}

func TestAnExplanationIsForWhoHasTheToken(t *testing.T) {
	r := newRig(t, newStub(t), "sesame")
	r.do("GET", "/api/explain?url=/x").want(t, 401, "send admin.token")
	r.do("GET", "/api/explain?url=/x", "Authorization", "Bearer sesame").want(t, 200, "{")
	r.do("POST", "/api/explain?url=/x", "Authorization", "Bearer sesame").want(t, 405, "")
}
