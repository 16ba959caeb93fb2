package proxy

import (
	"net/http"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// What depends on a field that the question leaves out was not made for who asked.
func TestAnAnswerToTheQuestionAboutAClientIsItsOwnOnlyIfItDependsOnNothingElse(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Header.Get("Authorization") == "" {
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Header: http.Header{"Vary": {"Accept-Language"}}, Body: []byte("in " + x.Header.Get("Accept-Language"))}
	})
	for _, language := range []string{"de", "fr", "de"} {
		if a := g.as("alice", "/doc", "Accept-Language", language); a.body != "in "+language {
			t.Errorf("who reads %s got %q", language, a.body)
		}
	}
}
