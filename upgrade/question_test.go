package upgrade_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

func TestAQuestionIsAskedByItsVeryBytesWithAnotherTag(t *testing.T) {
	ask := func(tag string) string {
		return "GET /x HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + tag + "\r\nCookie: sid=1\r\n\r\n"
	}
	q := upgrade.NewQuestion([]byte(ask(`"1"`)), `"1"`)
	for text, want := range map[string]bool{
		ask(`"1"`): true, ask(`"23"`): false, ask(`"2"`): false, ask(`W/"1"`): false, ask(`"1"`) + "G": false, ask(`"1"`)[1:]: false,
		strings.Replace(ask(`"1"`), "sid=1", "sid=2", 1):         false,
		strings.Replace(ask(`"1"`), "Host: a", "Host: b", 1):     false,
		strings.Replace(ask(`"1"`), "If-None", "if-None", 1):     false,
		strings.Replace(ask(`"1"`), `"1"`+"\r\n", `"1"`+"\n", 1): false,
	} {
		if got := q.IsAsked([]byte(text), `"1"`); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !q.IsAsked([]byte(ask(`"longer"`)), `"longer"`) {
		t.Error("a longer tag is another question")
	}
	for name, head := range map[string]string{"never": "GET / HTTP/1.1\r\n\r\n", "twice": ask(`"1"`) + ask(`"1"`)} {
		if upgrade.NewQuestion([]byte(head), `"1"`) != nil {
			t.Errorf("the tag is there %s", name)
		}
	}
	if upgrade.NewQuestion([]byte(ask("")), "") != nil || (*upgrade.Question)(nil).IsAsked([]byte(ask("")), "") {
		t.Error("without a tag there is no question")
	}
}

// Where nobody rests, a question that comes again is the next request's.
func TestALongPollThatMayNotRestIsNotAskedAgain(t *testing.T) {
	ask := "GET /x HTTP/1.1\r\nIf-None-Match: \"1\"\r\n\r\n"
	for rests, want := range map[bool]fanout.Verdict{true: fanout.Renewed, false: fanout.Spoken} {
		source := newFake("")
		first := source.publish(content(200, "text/plain", "1"))
		p := upgrade.NewLongPoll(source, upgrade.LongPollOptions{
			Have: first, Delivered: func(*upgrade.Update) {}, Again: always{},
			Question: upgrade.NewQuestion([]byte(ask), `"1"`),
		})
		if !rests {
			p.NoRest()
		}
		next := source.publish(content(200, "text/plain", "2"))
		_, _, _ = p.Next()
		p.Sent()
		again := strings.Replace(ask, `"1"`, next.Tag(coding.Identity), 1)
		if got, _ := p.Heard([]byte(again)); got != want || rests != (len(p.Early()) == 0) {
			t.Errorf("rests: %v: %v, early %q", rests, got, p.Early())
		}
	}
}
