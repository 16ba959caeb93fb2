package load

import (
	"strings"
	"testing"
)

const ok = "HTTP/1.1 200 OK\r\n"

// chunks is a text in chunks of three bytes.
func chunks(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(3, len(text))
		b.WriteString(string('0'+byte(n)) + "\r\n" + text[:n] + "\r\n")
		text = text[n:]
	}
	return ok + "Transfer-Encoding: chunked\r\n\r\n" + b.String()
}

func TestEachKindReadsItsSnapshotsAndNothingElse(t *testing.T) {
	long := strings.Repeat("long", smallBuffer)
	for _, test := range []struct {
		kind   Kind
		server string
		asks   string
		want   []string
	}{
		{SSE, chunks(":\n\nretry: 2000\n\nid: a\ndata: one\n\nevent: status\ndata: {}\n\n:\n\ndata:tw\ndata:o\n\ndata: " + long + "\n\ndata: part"),
			"Accept: text/event-stream\r\n", []string{"one", "two", long}},
		{NDJSON, chunks("one\n\n\r\ntwo\n" + long + "\npart"), "Accept: application/x-ndjson\r\n", []string{"one", "two", long}},
		{Multipart, chunks("--b\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\none\r\n--b\r\nX-Keepalive: 1\r\ncontent-length:5\r\n\r\nt\n\n\ro\r\n--b\r\nContent-Length: 9\r\n\r\npart"),
			"Accept: multipart/x-mixed-replace\r\n", []string{"one", "t\n\n\ro"}},
		{WebSocket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x03one\x89\x02hi\x8a\x00\x82\x03two\x81\x7e\x01\x00" + strings.Repeat("x", 256) + "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01y\x81\x09part",
			"Upgrade: websocket\r\n", []string{"one", "two", strings.Repeat("x", 256), "y"}},
		{Longpoll, ok + "ETag: \"1\"\r\nContent-Length: 3\r\n\r\none" + "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n" + ok + "ETag: \"2\"\r\nContent-Length: 3\r\n\r\ntwo",
			"If-None-Match: \"2\"\r\n", []string{"one", "two"}},
	} {
		c, wrote := scripted(t, test.server)
		talk := test.kind.converse(c, subject{host: "host", target: "/path"})
		if err := talk.open(); err != nil {
			t.Errorf("%s: %v", test.kind, err)
			continue
		}
		var got []string
		for {
			snapshot, err := talk.next()
			if err != nil {
				break // what was cut short is no snapshot
			}
			got = append(got, string(snapshot))
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: %.200q", test.kind, got)
		}
		if said := wrote(); !strings.HasPrefix(said, "GET /path HTTP/1.1\r\nHost: host\r\n") || !strings.Contains(said, test.asks) {
			t.Errorf("%s: asked %q", test.kind, said)
		}
	}
}

func TestAWebSocketAnswersAPingWithItsPayload(t *testing.T) {
	c, wrote := scripted(t, "HTTP/1.1 101 Switching Protocols\r\n\r\n\x89\x02hi\x81\x00")
	talk := WebSocket.converse(c, subject{host: "host", target: "/"})
	if err := talk.open(); err != nil {
		t.Fatal(err)
	}
	if message, err := talk.next(); err != nil || len(message) != 0 {
		t.Errorf("%q, %v", message, err)
	}
	if said := wrote(); !strings.HasSuffix(said, "\r\n\r\n\x8a\x82\x00\x00\x00\x00hi") {
		t.Errorf("%q", said)
	}
}

func TestARefusalIsAnErrorForEveryKind(t *testing.T) {
	for _, k := range Kinds() {
		c := reading(t, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
		talk := k.converse(c, subject{host: "host", target: "/"})
		err := talk.open()
		if err == nil {
			_, err = talk.next()
		}
		if err == nil || !strings.Contains(err.Error(), "503") {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func TestKindsAreReadByNameOnceEach(t *testing.T) {
	if kinds, err := ParseKinds([]string{"sse", "websocket"}); err != nil || len(kinds) != 2 || kinds[0] != SSE {
		t.Error(kinds, err)
	}
	for _, names := range [][]string{{"sse", "sse"}, {"SSE"}, {""}, {"poll"}} {
		if kinds, err := ParseKinds(names); err == nil || !strings.Contains(err.Error(), "choose from longpoll sse") {
			t.Error(names, kinds, err)
		}
	}
}
