package audience

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// size is that of the snapshots in these tests.
const size = 40

func snapshot(version int) string {
	text := Marker + strconv.Itoa(version) + `,"fill":"`
	return text + strings.Repeat("x", size-len(text)-len(`"}`)) + `"}`
}

func chunk(content string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(content), content) }

func frame(content string) string { return "\x81" + string(rune(len(content))) + content }

// conversations are what servers say, by kind: a head and the versions 1 to 3.
func conversations() map[load.Kind]string {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	all := map[load.Kind]string{
		load.SSE:       chunked + chunk(": hello\n\n"),
		load.NDJSON:    chunked,
		load.Multipart: chunked + chunk("--b\r\n"),
		load.WebSocket: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x8a\x00",
	}
	for i := range 3 {
		s := snapshot(i + 1)
		all[load.SSE] += chunk("id: 1\ndata: "+s+"\n\n") + chunk(": {beat\n\n")
		all[load.NDJSON] += chunk(s + "\n")
		all[load.Multipart] += chunk("Content-Length: 40\r\n\r\n"+s[:7]) + chunk(s[7:]+"\r\n--b\r\n")
		all[load.WebSocket] += frame(s)
		all[load.Longpoll] += fmt.Sprintf("HTTP/1.1 200 OK\r\nETag: \"%d\"\r\nContent-Length: %d\r\n\r\n%s", i+1, size, s)
		all[""] += s + "xxxxx"
	}
	return all
}

// read gives a client what a server says in pieces of so many bytes, and returns
// the snapshots that it finds.
func read(o Options, text string, pieces int) (found []string, err error) {
	c := &client{}
	if o.Kind == "" {
		c.talk = inStream
	}
	tell := func(_ *client, s []byte) { found = append(found, string(s)) }
	for len(text) > 0 && err == nil {
		n := min(pieces, len(text))
		c.carry = append(c.carry, text[:n]...)
		text = text[n:]
		n, err = c.take(c.carry, &o, tell)
		c.carry = append(c.carry[:0], c.carry[n:]...)
	}
	return found, err
}

func TestSnapshotsAreFoundHoweverTheBytesCome(t *testing.T) {
	for kind, text := range conversations() {
		want := []string{snapshot(1), snapshot(2), snapshot(3)}
		for pieces := 1; pieces <= len(text); pieces++ {
			if found, err := read(Options{Kind: kind, Size: size}, text, pieces); err != nil || !slices.Equal(found, want) {
				t.Fatalf("%s, %d bytes at a time: %q, %v", kind, pieces, found, err)
			}
		}
	}
}

func TestWhatNoServerMaySayEndsAConversation(t *testing.T) {
	const stream = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	const socket = "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	for text, kind := range map[string]load.Kind{
		"HTTP/1.1 503 Service Unavailable\r\n\r\n":                load.SSE,
		"HTTP/1.1 200 OK\r\n\r\n":                                 load.WebSocket,
		"HTTP/1.1 304 Not Modified\r\n\r\n":                       load.Longpoll,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n":            load.Longpoll, // no tag
		"HTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\n":                  load.Longpoll, // no length
		"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n":         load.NDJSON,
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n":                  load.NDJSON,
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: 1\r\n", 10000): load.SSE,
		stream + "0\r\n\r\n":                                      load.SSE,
		stream + "x\r\n":                                          load.SSE,
		stream + "2\r\nabcd":                                      load.SSE,
		socket + "\x88\x02\x03\xe8":                               load.WebSocket,
		socket + "\x81\x85abcd":                                   load.WebSocket, // masked
		socket + "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff":       load.WebSocket,
	} {
		if found, err := read(Options{Kind: kind, Size: size}, text, len(text)); err == nil || len(found) > 0 {
			t.Errorf("%s, %.60q: %q", kind, text, found)
		}
	}
}

func TestLongFramesAreReadByTheirLength(t *testing.T) {
	for _, head := range []string{"\x81\x7e\x00\xc8", "\x82\x7f\x00\x00\x00\x00\x00\x00\x00\xc8"} {
		text := "HTTP/1.1 101 Switching Protocols\r\n\r\n" + head + strings.Repeat("x", 200)
		for _, pieces := range []int{1, 3, len(text)} {
			if found, err := read(Options{Kind: load.WebSocket, Size: 200}, text, pieces); err != nil || len(found) != 1 || len(found[0]) != 200 {
				t.Errorf("%x: %q, %v", head, found, err)
			}
		}
	}
}

func TestEachKindAsksInItsWay(t *testing.T) {
	c := &client{number: 7, etag: []byte(`"4"`), dated: []byte("Mon, 23 Nov 2026 07:00:00 GMT")}
	for want, o := range map[string]Options{
		"300\n": {Wire: 300},
		"GET /x/1 HTTP/1.1\r\nHost: a\r\nUser-Agent: pollbench\r\nAccept: text/event-stream\r\n\r\n":                                                                                  {Kind: load.SSE, Target: "/x", Feeds: 3, Address: "a"},
		"GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: pollbench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n\r\n":     {Kind: load.WebSocket, Target: "/x", Address: "a"},
		"GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: pollbench\r\nAccept: */*\r\nPrefer: wait=3600\r\nIf-None-Match: \"4\"\r\n\r\n":                                                     {Kind: load.Longpoll, Target: "/x", Address: "a"},
		"GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: pollbench\r\nAccept: */*\r\nPrefer: wait=3600\r\nIf-None-Match: \"4\"\r\nIf-Modified-Since: Mon, 23 Nov 2026 07:00:00 GMT\r\n\r\n": {Kind: load.Longpoll, Target: "/x", Address: "a", Dated: true},
	} {
		if got := string(c.appendRequest(nil, &o)); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestTheLastOfEachVersionIsTheLatest(t *testing.T) {
	var n counters
	n.reset()
	for _, d := range []struct{ version, skipped, late int64 }{{2, 0, 5}, {2, 0, 9}, {2, 0, 7}, {3, 0, 4}, {2, 0, 11}, {5, 1, 3}} {
		n.delivered(d.version, d.skipped, d.late)
	}
	if l := n.lap(); !slices.Equal(l.Last, []int64{11, 4, 3}) || !slices.Equal(l.P50, []int64{7, 4, 3}) || !slices.Equal(l.P99, []int64{11, 4, 3}) || l.Deliveries != 6 || l.Skipped != 1 {
		t.Errorf("%+v", l)
	}
	if n.reset(); n.lap().Deliveries != 0 || len(n.lap().Last) != 0 {
		t.Errorf("%+v", n.lap())
	}
}
