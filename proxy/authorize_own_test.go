package proxy

import (
	"net/http"
	"sync/atomic"
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

// What a poll brought while the origin was asked about a client may be older than
// what it says to that client.
func TestWhoIsAnsweredByTheQuestionAboutItDoesNotGoBack(t *testing.T) {
	for name, landsFirst := range map[string]bool{"the poll lands first": true, "the answer comes first": false} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, true, "authorize: {ttl: 1h}", "interval: 1h")
			g.as("bob", "/doc")
			var version atomic.Int32
			version.Store(1)
			asked, polled, answer, land := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
			g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				body := []byte("v1")
				switch who := x.Header.Get("Authorization"); {
				case version.Load() == 2:
					body = []byte("v2")
				case who == "Bearer alice":
					close(asked)
					<-answer
					body = []byte("v2")
				default:
					close(polled)
					<-land
				}
				return legacy.Answer{Body: body}
			})
			alice, bob := make(chan string, 1), make(chan string, 1)
			ask := func(who string, to chan string) {
				a, _ := g.try("GET", "/doc", "", "Authorization", "Bearer "+who)
				to <- a.body
			}
			go ask("alice", alice)
			<-asked
			go ask("bob", bob)
			<-polled
			version.Store(2)
			var first string
			if landsFirst {
				close(land)
				<-bob
				close(answer)
				first = <-alice
			} else {
				close(answer)
				first = <-alice
				close(land)
				<-bob
			}
			if a := g.as("alice", "/doc"); first == "v2" && a.body != "v2" {
				t.Errorf("alice got %q, and then %q", first, a.body)
			}
		})
	}
}
