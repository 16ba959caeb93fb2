package upgrade_test

import (
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
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
