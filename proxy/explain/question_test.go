package explain

import (
	"strings"
	"testing"
)

func TestAQuestionIsARequestByteForByte(t *testing.T) {
	for _, test := range []struct {
		q    Question
		want string
	}{
		{Question{URL: "/a//b?x=%2f"}, "GET /a//b?x=%2f HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		{Question{URL: "http://A.example:81/x#y"}, "GET /x HTTP/1.1\r\nHost: A.example:81\r\n\r\n"},
		{Question{URL: "https://a"}, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{Question{URL: "HTTP://a?b"}, "GET /?b HTTP/1.1\r\nHost: a\r\n\r\n"},
		{Question{URL: "/x", Method: "HEAD", Header: []string{"host: h", "X-A:  1 ", "x-b:"}}, "HEAD /x HTTP/1.1\r\nhost: h\r\nX-A: 1\r\nx-b: \r\n\r\n"},
		{Question{URL: "*", Method: "OPTIONS"}, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	} {
		raw, err := test.q.Raw()
		if err != nil || string(raw) != test.want {
			t.Errorf("%+v: %q, %v", test.q, raw, err)
		}
	}
}

func TestAQuestionThatCannotBeMeantSaysWhatToWrite(t *testing.T) {
	for _, test := range []struct {
		q    Question
		want string
	}{
		{Question{}, "the URL is neither a path such as /api/scores nor one such as http://api.example.com/api/scores"},
		{Question{URL: "api.example.com/x"}, "the URL is neither a path such as"},
		{Question{URL: "ftp://x/y"}, "the URL is neither a path such as"},
		{Question{URL: "/a b"}, "the URL has a space or a control character; write it percent-encoded"},
		{Question{URL: "/a\r\nX: y"}, "the URL has a space or a control character"},
		{Question{URL: "http:///x"}, "the URL has no host"},
		{Question{URL: "http://u:canary@h/x"}, "the URL has a user name; give credentials as -H 'Authorization: …'"},
		{Question{URL: "/x", Method: "G T"}, `"G T" is no method; write GET, HEAD or POST`},
		{Question{URL: "/x", Header: []string{"canary"}}, `a header is not written as "Name: value"`},
		{Question{URL: "/x", Header: []string{"X Y: canary"}}, `a header is not written as "Name: value"`},
		{Question{URL: "/x", Header: []string{"X-A: canary\r\nX-B: 1"}}, "the value of X-A has a control character, which no header can have"},
	} {
		_, err := test.q.Raw()
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%+v: %v", test.q, err)
		}
	}
}
