package upgrade_test

import (
	stdjson "encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pollmux/pollmux/upgrade"
)

// parseEvents is what an EventSource hears of a stream that came at once.
func parseEvents(stream string) (events []event, retry int) {
	source := newEventSource()
	source.feed([]byte(stream))
	return source.events, source.retry
}

// lineFeeds is what a client can get of a body: it joins lines with LF.
func lineFeeds(body string) string {
	return strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
}

// streamed is all that an EventSource reads, without the head, and without
// chunks.
func streamed(u *upgrade.Update) string {
	source := newFake("")
	source.say(upgrade.State{Update: u})
	s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: sse, HTTP10: true, Delivered: func(*upgrade.Update) {}})
	said, _ := told(s)
	beat, _ := s.Beat()
	_, body, _ := strings.Cut(string(said)+string(beat), "\r\n\r\n")
	return body
}

func TestAnEventIsTheBodyWithLineFeeds(t *testing.T) {
	for name, body := range bodies {
		events, retry := parseEvents(streamed(updateOf("text/plain", body)))
		if len(events) != 1 || events[0].kind != "message" || events[0].data != lineFeeds(body) {
			t.Errorf("%s: %d events, %.100q", name, len(events), events)
		}
		if retry < int(upgrade.RetryUsual.Milliseconds()) {
			t.Errorf("%s: retry %d", name, retry)
		}
	}
}

func TestWhatIsNotUTF8IsNoEvent(t *testing.T) {
	for _, u := range []*upgrade.Update{
		updateOf("text/plain", "h\xe9"), updateOf("image/png", "\x89PNG"), updateOf("text/plain; charset=latin1", "h\u00e9"),
		updateOf("text/plain; charset=utf-16le", "h\x00e\x00"),
	} {
		if _, err := u.Encoded(sse, true); err == nil || u.Representable(sse) {
			t.Errorf("%s %q", u.Type, u.Body)
		}
		if !u.Representable(multi) || !u.Representable(websocket) || !u.Representable(poll) || !u.Representable(longpoll) {
			t.Errorf("%s %q cannot be told at all", u.Type, u.Body)
		}
	}
}

func TestAnIDThatIsNoFieldIsLeftOut(t *testing.T) {
	for id, want := range map[string]string{"v-1": "v-1", "": "", "a\nid: b": "", "a\r": "", "a\x00": "", " a:b ": " a:b "} {
		u := updateOf("text/plain", "x")
		u.ID = id
		events, _ := parseEvents(streamed(u))
		if len(events) != 1 || events[0].id != want || events[0].data != "x" {
			t.Errorf("%q: %q", id, events)
		}
	}
}

func TestRetriesAreSpread(t *testing.T) {
	seen := map[int]bool{}
	between := func(body string, least time.Duration) {
		t.Helper()
		_, retry := parseEvents(body)
		d := time.Duration(retry) * time.Millisecond
		if d < least || d > 2*least {
			t.Fatalf("retry %v is not within %v and twice that", d, least)
		}
		seen[retry] = true
	}
	source := newFake("{}")
	for range 500 {
		s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: sse, HTTP10: true})
		opening, _, _ := s.Next()
		_, body, _ := strings.Cut(string(opening), "\r\n\r\n")
		between(body, upgrade.RetryUsual)
		// A proxy that stops or is full wants fewer to come at once.
		between(string(s.Leave()), upgrade.RetryFull)
		_, body, _ = strings.Cut(string(upgrade.FullEvents(nil, true)), "\r\n\r\n")
		between(body, upgrade.RetryFull)
	}
	if len(seen) < 500 {
		t.Errorf("only %d different ones of 1500", len(seen))
	}
}

func FuzzSSE(f *testing.F) {
	for _, body := range bodies {
		if len(body) < 1000 {
			f.Add([]byte(body), "id-1")
		}
	}
	f.Add([]byte("\n\ndata: x\n\nid: 2\r\r\nevent: y"), "a\nb")
	f.Add([]byte("\xef\xbb\xbf\xef\xbb\xbf\r"), "\x00")
	f.Fuzz(func(t *testing.T, body []byte, id string) {
		u := updateOf("text/plain", string(body))
		u.ID = id
		event, err := u.Encoded(sse, false)
		if (err == nil) != utf8.Valid(body) {
			t.Fatalf("%q: %v", body, err)
		}
		if err != nil {
			return
		}
		if strings.Contains(string(event), "\r") || !strings.HasSuffix(string(event), "\n\n") {
			t.Fatalf("%q", event)
		}
		chunk, _ := u.Encoded(sse, true)
		if want := strconv.FormatInt(int64(len(event)), 16) + "\r\n" + string(event) + "\r\n"; string(chunk) != want {
			t.Fatalf("%q is not one chunk", chunk)
		}
		wantID := id
		if strings.ContainsAny(id, "\r\n\x00") {
			wantID = ""
		}
		// Twice: what one event leaves behind must not reach the next.
		events, _ := parseEvents(streamed(u) + string(event))
		if len(events) != 2 {
			t.Fatalf("%d events of %q", len(events), event)
		}
		for _, e := range events {
			if e.kind != "message" || e.data != lineFeeds(string(body)) || e.id != wantID {
				t.Fatalf("%q became %q", body, e)
			}
		}
	})
}

// A reason tells what went wrong at the origin, and may hold anything.
func FuzzStatusEvent(f *testing.F) {
	f.Add("the origin answers 404 Not Found")
	f.Add("a\nb\r\nc\x00\u2028\xff\"\\")
	f.Add("")
	f.Fuzz(func(t *testing.T, reason string) {
		events, _ := parseEvents(string(upgrade.StatusEvent(reason)) + "data: next\n\n")
		if len(events) != 2 || events[0].kind != "status" || events[0].id != "" || events[1] != (event{kind: "message", data: "next"}) {
			t.Fatalf("%q became %q", reason, events)
		}
		var status struct{ State, Reason string }
		if err := stdjson.Unmarshal([]byte(events[0].data), &status); err != nil {
			t.Fatal(err)
		}
		want := "stale"
		if reason == "" {
			want = "live"
		}
		if status.State != want || utf8.ValidString(reason) && status.Reason != reason {
			t.Fatalf("%q became %+v", reason, status)
		}
	})
}
