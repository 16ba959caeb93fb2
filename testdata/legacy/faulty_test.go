package legacy_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestFaultyWithoutAFaultIsAGoodOrigin(t *testing.T) {
	origin := listening(t, legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("hello")})
	for range 3 {
		response, err := http.Get(origin.URL() + "/a?b=c")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != "hello" || response.StatusCode != 200 || response.Header.Get("Date") == "" {
			t.Errorf("%v %q %v", response, body, err)
		}
	}
	if accepted, open := origin.Connections(); accepted != 1 || open != 1 || origin.Total() != 3 {
		t.Errorf("%d requests on %d connections, %d of them open", origin.Total(), accepted, open)
	}
}

func TestFaultyBreaksAndHealsPathByPath(t *testing.T) {
	origin := listening(t, plain("hello"))
	origin.Answer(plain("special"), "/special")
	status := func(path string) int {
		t.Helper()
		response, err := http.Get(origin.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	want := func(when string, statuses ...int) {
		t.Helper()
		for i, path := range []string{"/a?x=1", "/b", "/special"} {
			if got := status(path); got != statuses[i] {
				t.Errorf("%s: %s answers %d, want %d", when, path, got, statuses[i])
			}
		}
	}
	want("at first", 200, 200, 200)
	origin.Break(legacy.Status(500), "/a")
	want("one path broken", 500, 200, 200)
	origin.Break(legacy.Status(503))
	want("all broken", 500, 503, 503)
	origin.Break(nil, "/special")
	want("all but one broken", 500, 503, 200)
	origin.Heal("/a")
	want("the path healed, not all", 503, 503, 200)
	origin.Heal()
	want("all healed", 200, 200, 200)
	dial(t, origin).ask("/special").expect("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nspecial")
}

func TestFaultyComesBackAtItsAddress(t *testing.T) {
	origin := listening(t, plain("hello"))
	before := dial(t, origin).ask("/").expect(plainHello)
	origin.Close()
	before.expectEnd("")
	if err := origin.Listen(origin.Addr()); err != nil {
		t.Fatal(err)
	}
	dial(t, origin).ask("/").expect(plainHello)
	if requests := origin.Requests(); len(requests) != 2 || requests[1].Conn != 2 {
		t.Errorf("%+v", requests)
	}
}

func TestFaultyDisconnectsIdleClients(t *testing.T) {
	origin := listening(t, plain("hello"))
	client := dial(t, origin).ask("/").expect(plainHello)
	origin.Disconnect()
	client.expectEnd("")
	if err := origin.AwaitOpen(soon(t), 0); err != nil {
		t.Error(err)
	}
}

func TestFaultyServesAListenerOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine is left
		origin, listener := legacy.NewFaulty(plain("hello"), nil), newPipes()
		origin.ListenOn(listener)
		origin.Break(legacy.HangBeforeHead(nil), "/hang")
		listener.dial(t).ask("/").expect(plainHello)
		hung := listener.dial(t).ask("/hang")
		synctest.Wait()
		origin.Close()
		hung.expectEnd("")
	})
}

func TestFaultyAnswersBadRequestsWith400AndRecordsThem(t *testing.T) {
	origin := listening(t, plain("hello"))
	dial(t, origin).send("what is this\r\n\r\n").expect("HTTP/1.1 400 Bad Request\r\n")
	dial(t, origin).send("GET / HTTP/1.1\r\nHos").CloseWrite(t)
	requests, err := origin.Await(soon(t), 2)
	if err != nil || string(requests[0].Head) != "what is this\r\n\r\n" || requests[0].Method != "" || requests[0].Whole {
		t.Errorf("%+v %v", requests, err)
	}
	if string(requests[1].Head) != "GET / HTTP/1.1\r\nHos" {
		t.Errorf("recorded %q", requests[1].Head)
	}
}

func TestAnswersAreRenderedAsHTTPWantsThem(t *testing.T) {
	tagged := plain("hello")
	tagged.Header = http.Header{"Date": nil, "Etag": {`"1"`}}
	chunked := plain("hello")
	chunked.Chunked, chunked.Trailer = true, http.Header{"X-Sum": {"5"}}
	untilClose := plain("hello")
	untilClose.Header = http.Header{"Date": nil, "Content-Length": nil}
	closing := plain("hello")
	closing.Header = http.Header{"Date": nil, "Connection": {"close"}}
	for _, test := range []struct {
		name    string
		answer  func(*legacy.Request) legacy.Answer
		request string
		want    string
	}{
		{"chunked with a trailer", always(chunked), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"},
		{"until the end", always(untilClose), "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhello"},
		{"closing", always(closing), "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"},
		{"HTTP/1.0", always(plain("hello")), "GET / HTTP/1.0\r\n\r\n", plainHello},
		{"HEAD", always(plain("hello")), "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", strings.TrimSuffix(plainHello, "hello")},
		{"204", always(legacy.Answer{Status: 204, Header: plain("").Header, Body: []byte("no")}), "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"conditional", legacy.Conditional(tagged), "GET / HTTP/1.0\r\nIf-None-Match: \"1\"\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nEtag: \"1\"\r\n\r\n"},
		{"unconditional", legacy.Conditional(tagged), "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nEtag: \"1\"\r\n\r\nhello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			origin := listening(t, plain(""))
			origin.AnswerFunc(test.answer)
			dial(t, origin).send(test.request).expectEnd(test.want)
		})
	}
}

func always(answer legacy.Answer) func(*legacy.Request) legacy.Answer {
	return func(*legacy.Request) legacy.Answer { return answer }
}

func TestFaultySpeaksForALegacyOrigin(t *testing.T) {
	room := legacy.NewGroupChat(legacy.Options{})
	origin := listening(t, plain(""))
	origin.AnswerFunc(legacy.FromHandler(room))
	for _, body := range []io.Reader{strings.NewReader(`{"from":"ana","text":"hi"}`), io.MultiReader(strings.NewReader(`{"from":"bo","text":"ho"}`))} {
		response, err := http.Post(origin.URL()+"/messages", "application/json", body) // the second is chunked
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusCreated || response.Header.Get("Location") == "" {
			t.Errorf("%v", response)
		}
	}
	origin.Break(legacy.CloseMidBody(10))
	response, err := http.Get(origin.URL() + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != `{"messages` || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q %v", body, err)
	}
	if said := room.Messages(); len(said) != 2 || said[1].Text != "ho" {
		t.Errorf("%+v", said)
	}
}
