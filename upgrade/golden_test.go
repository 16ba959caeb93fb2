package upgrade_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

var rewrite = flag.Bool("update", false, "write testdata/golden anew")

// golden compares bytes with a file. Those that are too long to be read there
// are told by their sum and their ends.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	const ends = 256
	if len(got) > 8*ends {
		got = fmt.Appendf(nil, "%d bytes, SHA-256 %x\n%s\n...\n%s", len(got), sha256.Sum256(got), got[:ends], got[len(got)-ends:])
	}
	path := filepath.Join("..", "testdata", "golden", name+".txt")
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
	}
}

// bodies are snapshots whose encoding is easily got wrong.
var bodies = map[string]string{
	"one-line":         `{"v":1}`,
	"lf":               "a\nb\n\nc",
	"cr":               "a\rb\r\rc",
	"crlf":             "a\r\nb\r\n\r\nc",
	"mixed":            "a\n\rb\r\r\nc",
	"trailing-newline": "a\n",
	"only-newline":     "\n",
	"empty":            "",
	"bom":              "\ufeffa",
	"separators":       "a\u2028b\u2029c\u0085d\v\fe",
	"nul":              "a\x00b",
	"colon-space":      " : a",
	"fields":           "id: 1\nevent: x\n: comment\nretry: 1",
	"1-mib":            strings.Repeat("0123456789abcd\r\n", 1<<16),
}

func TestGoldenEvents(t *testing.T) {
	for name, body := range bodies {
		u := updateOf("text/plain", body)
		u.ID = "id-1"
		event, err := u.Encoded(sse, false)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "sse-"+name, event)
	}
	u := updateOf("text/plain", "a\nb")
	chunk, _ := u.Encoded(sse, true)
	golden(t, "sse-chunk", chunk)
	for name, id := range map[string]string{"no-id": "", "id-lf": "a\nb", "id-cr": "a\rb", "id-nul": "a\x00b"} {
		u := updateOf("text/plain", "a")
		u.ID = id
		event, _ := u.Encoded(sse, false)
		golden(t, "sse-"+name, event)
	}
	golden(t, "sse-status-live", upgrade.StatusEvent(""))
	golden(t, "sse-status-stale", upgrade.StatusEvent("the origin answers 503 Service Unavailable"))
	golden(t, "sse-status-odd", upgrade.StatusEvent("\r\n\ndata: x\u2028\x00\xff<&>\""))
}

func TestGoldenLines(t *testing.T) {
	for name, body := range map[string]string{
		"one-line": `{"v":1}`, "spaces": "\t{ \"a\" : [ 1 , 2 ] }\r\n", "newlines": "{\r\n\"a\":\n[\r1\r]}\n", "string": `"a b\n\u2028"`,
		"bom": "\ufeff{}", "separators": "\"a\u2028b\u2029c\u0085\"", "number": "1e1000", "scalar": " null ",
		"html": `"</script>&<>"`, "duplicates": `{"a":1, "a":2}`, "1-mib": "[" + strings.Repeat("1234567,\r\n", 1<<17) + "1]",
	} {
		line, err := updateOf("application/json", body).Encoded(ndjson, false)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, "ndjson-"+name, line)
	}
	chunk, _ := updateOf("application/json", "{}").Encoded(ndjson, true)
	golden(t, "ndjson-chunk", chunk)
}

func TestGoldenParts(t *testing.T) {
	for name, u := range map[string]upgrade.Update{
		"text":  content(200, "text/plain; charset=utf-8", "a\r\n--b\r\n"),
		"jpeg":  content(200, "image/jpeg", "\xff\xd8\xff\x00\r\n"),
		"empty": content(200, "text/plain", ""),
		"bare":  {Status: 200, Body: []byte("a")},
		"1-mib": content(200, "application/octet-stream", bodies["1-mib"]),
		"dated": {Status: 200, Type: "text/plain", Body: []byte("a"), ETag: `"1"`, LastModified: "Thu, 29 Feb 2024 12:00:00 GMT"},
	} {
		part, err := upgrade.NewUpdate(u).Encoded(multi, false)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "multipart-"+name, part)
	}
	chunk, _ := updateOf("text/plain", "a").Encoded(multi, true)
	golden(t, "multipart-chunk", chunk)
}

func TestGoldenMessages(t *testing.T) {
	for name, u := range map[string]*upgrade.Update{
		"text": updateOf("text/plain", "h\u00e9"), "json": updateOf("application/json", "{ }"), "empty": updateOf("text/plain", ""),
		"binary": updateOf("image/png", "\x89PNG\r\n"), "not-utf8": updateOf("text/plain", "h\xe9"),
	} {
		message, _ := u.Encoded(websocket, false)
		golden(t, "websocket-"+name, message)
	}
	for _, size := range []int{125, 126, 127, 65535, 65536, 1 << 20} {
		message, _ := updateOf("text/plain", strings.Repeat("x", size)).Encoded(websocket, false)
		golden(t, fmt.Sprintf("websocket-%d", size), message)
	}
	golden(t, "websocket-close", upgrade.CloseFrame(upgrade.CloseRestart, "the proxy is restarting"))
	golden(t, "websocket-close-bare", upgrade.CloseFrame(upgrade.ClosePolicy, ""))
	golden(t, "websocket-close-cut", upgrade.CloseFrame(upgrade.CloseBroken, strings.Repeat("x", 122)+"\u00e9"))
}

// retries are random, between bounds that another test checks.
var retries = regexp.MustCompile(`retry: \d+`)

func masked(b []byte) []byte {
	return retries.ReplaceAllFunc(b, func(m []byte) []byte {
		return append([]byte("retry: "), bytes.Repeat([]byte("#"), len(m)-len("retry: "))...)
	})
}

func TestGoldenConversations(t *testing.T) {
	fields := []upgrade.Field{{Name: "Access-Control-Allow-Origin", Value: "*"}, {Name: "Vary", Value: "Accept"}, {Name: "Via", Value: "1.1 pollmux"}}
	for name, options := range map[string]upgrade.StreamOptions{
		"sse": {Kind: sse}, "ndjson": {Kind: ndjson}, "multipart": {Kind: multi}, "picture": {Kind: multi, Picture: true},
	} {
		for _, http10 := range []bool{false, true} {
			options.HTTP10, options.Fields, options.Delivered = http10, fields, func(*upgrade.Update) {}
			if http10 {
				name += "-http10"
			}
			synctest.Test(t, func(t *testing.T) { golden(t, name+"-conversation", conversation(options)) })
		}
	}
	synctest.Test(t, func(t *testing.T) {
		golden(t, "sse-full", masked(upgrade.FullEvents(fields, false)))
		golden(t, "sse-http10-full", masked(upgrade.FullEvents(fields, true)))
	})
}

// conversation is all that a stream's client gets of a short life: its opening,
// two snapshots, a silence, an outage and the end.
func conversation(options upgrade.StreamOptions) []byte {
	kind := "application/json"
	if options.Picture {
		kind = "image/png"
	}
	source := newFake("")
	s := upgrade.NewStream(source, options)
	say := func(b []byte, _ bool) []byte { return append(masked(b), "\n=====\n"...) }
	all := say(told(s))
	source.publish(content(200, kind, "{\r\n}"))
	all = append(all, say(told(s))...)
	all = append(all, say(s.Beat())...)
	source.stale("the origin cannot be reached")
	all = append(all, say(told(s))...)
	source.publish(content(200, kind, "[2]"))
	all = append(all, say(told(s))...)
	all = append(all, say(s.Leave(), true)...)
	source.end(upgrade.ErrClosed)
	return append(all, say(told(s))...)
}

func TestGoldenLongPolls(t *testing.T) {
	u := content(200, "application/json", `{"v":1}`)
	u.Header = []upgrade.Field{{Name: "X-Poll-Interval", Value: "5"}, {Name: "X-Other", Value: "y"}}
	for name, act := range map[string]func(*fake, *upgrade.LongPoll) []byte{
		"changed": func(f *fake, p *upgrade.LongPoll) []byte { f.publish(json(`{"v":2}`)); return first(told(p)) },
		"gone":    func(f *fake, p *upgrade.LongPoll) []byte { f.publish(content(410, "", "")); return first(told(p)) },
		"expired": func(_ *fake, p *upgrade.LongPoll) []byte { return p.Expire() },
		"leaving": func(_ *fake, p *upgrade.LongPoll) []byte { return p.Leave() },
		"revoked": func(f *fake, p *upgrade.LongPoll) []byte { f.end(upgrade.ErrRevoked); return first(told(p)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			source := newFake("")
			u := u
			u.Received = time.Now().Add(-7 * time.Second)
			p := upgrade.NewLongPoll(source, upgrade.LongPollOptions{
				Have: source.publish(u), Delivered: func(*upgrade.Update) {},
				Answer: upgrade.Answer{CacheStatus: "pollmux; hit; detail=held", Via: "1.1 pollmux", Held: 30 * time.Second},
			})
			golden(t, "longpoll-"+name, act(source, p))
		})
	}
}

func first(b []byte, _ bool) []byte { return b }
