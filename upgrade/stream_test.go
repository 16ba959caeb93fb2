package upgrade_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
	"unsafe"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// eventStream is an EventSource's stream, without its opening.
type eventStream struct {
	*upgrade.Stream
	source *fake
	count  counter
	from   string // of the opening
}

func newEvents(source *fake, resume string) *eventStream {
	s := &eventStream{source: source}
	s.Stream = upgrade.NewStream(source, upgrade.StreamOptions{Kind: sse, HTTP10: true, Resume: []byte(resume), Delivered: s.count.delivered})
	opening, _, _ := s.Next()
	_, s.from, _ = strings.Cut(string(opening), "\r\n\r\n")
	return s
}

// hear returns what the client has not heard yet, a word for each event.
func (s *eventStream) hear() string {
	said, _ := told(s)
	events, _ := parseEvents(s.from + string(said))
	var words []string
	for _, e := range events {
		data := e.data
		if e.kind == "status" {
			_, data, _ = strings.Cut(strings.TrimSuffix(data, `"}`), `"state":"`)
			data = strings.Replace(data, `","reason":"`, ": ", 1)
		}
		words = append(words, data)
	}
	return strings.Join(words, "; ")
}

func TestAStreamResumesByTheIDOfTheCurrentVersionOnly(t *testing.T) {
	source := newFake(`"one"`)
	old := source.Latest().Update.ID
	source.publish(json(`"two"`))
	id := source.Latest().Update.ID
	for resume, want := range map[string]string{
		id: "", "": `"two"`, old: `"two"`, "unknown": `"two"`, id + " ": `"two"`, strings.ToUpper(id): `"two"`, id[1:]: `"two"`,
		strings.Repeat("x", 1<<20): `"two"`, "\x00\r\n": `"two"`,
	} {
		s := newEvents(source, resume)
		if got := s.hear(); got != want {
			t.Errorf("%.20q: heard %q, want %q", resume, got, want)
		}
	}
	s := newEvents(source, id)
	source.publish(json(`"three"`))
	if got := s.hear(); got != `"three"` {
		t.Errorf("after resuming: %q", got)
	}
}

func TestWithoutAnIDNothingIsResumed(t *testing.T) {
	source := newFake("")
	u := json("1")
	u.ID = ""
	source.publish(u)
	if got := newEvents(source, "").hear(); got != "1" {
		t.Errorf("heard %q", got)
	}
}

func TestAResumedStreamIsToldThatItsSnapshotIsStale(t *testing.T) {
	source := newFake("1")
	source.stale("down")
	s := newEvents(source, source.Latest().Update.ID)
	if got := s.hear(); got != "stale: down" {
		t.Errorf("heard %q", got)
	}
}

func TestASlowStreamSkipsToTheNewestVersion(t *testing.T) {
	for _, kind := range []upgrade.Transport{sse, ndjson, multi} {
		source, c := newFake("0"), &counter{}
		s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: kind, Delivered: c.delivered})
		told(s)
		for n := range 1000 {
			source.publish(json(fmt.Sprint(n)))
		}
		if said, _ := told(s); !bytes.Contains(said, []byte("999")) || bytes.Contains(said, []byte("998")) {
			t.Errorf("%v: %q", kind, said)
		}
		if got := c.all(); len(got) != 2 || got[1] != 1001 {
			t.Errorf("%v: delivered %v", kind, got)
		}
	}
}

func TestAVersionCountsAsDeliveredOnceItIsWritten(t *testing.T) {
	source, c := newFake("1"), &counter{}
	s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: sse, Delivered: c.delivered})
	opening, _, _ := s.Next()
	if s.Sent(); len(c.all()) != 0 || len(opening) == 0 {
		t.Fatalf("the opening counts: %v", c.all())
	}
	if _, _, _ = s.Next(); len(c.all()) != 0 {
		t.Fatal("it counts before it is written")
	}
	s.Sent()
	told(s)
	s.Beat()
	s.Sent()
	source.stale("x")
	told(s)
	if got := c.all(); len(got) != 1 {
		t.Errorf("delivered %v", got)
	}
}

func TestStatusIsToldOnceForEachTurn(t *testing.T) {
	source := newFake("1")
	s := newEvents(source, "")
	for i, step := range []struct {
		act  func()
		want string
	}{
		{func() {}, "1"},
		{func() {}, ""},
		{source.live, ""},
		{func() { source.stale("down") }, "stale: down"},
		{func() { source.stale("down") }, ""},
		{func() { source.stale("slow") }, "stale: slow"},
		{source.live, "live"},
		{source.live, ""},
		{func() { source.stale("down"); source.live() }, ""},
		{func() { source.stale("down"); source.publish(json("2")) }, "2"},
		{func() { source.stale("down") }, "stale: down"},
		{func() { source.publish(json("3")) }, "3; live"},
		{func() { source.publish(content(404, "", "")) }, "stale: the origin answers 404 Not Found"},
		{func() { source.publish(content(410, "", "")) }, "stale: the origin answers 410 Gone"},
		{func() { source.stale("down") }, "stale: down"},
		{source.live, "stale: the origin answers 410 Gone"},
		{func() { source.publish(content(204, "", "")) }, "stale: the origin answers 204 No Content"},
		{func() { source.publish(json("3")) }, "3; live"},
		{func() { source.stale("down"); source.publish(content(404, "", "")); source.publish(json("4")) }, "4"},
	} {
		step.act()
		if got := s.hear(); got != step.want {
			t.Errorf("step %d: heard %q, want %q", i, got, step.want)
		}
	}
}

func TestAnEventStreamOutlivesWhatItCannotTell(t *testing.T) {
	source := newFake("1")
	s := newEvents(source, "")
	const untold = "stale: the snapshot is not UTF-8 text: ask for multipart or a WebSocket"
	for i, step := range []struct {
		act  func()
		want string
	}{
		{func() {}, "1"},
		{func() { source.publish(content(200, "image/png", "\x89")) }, untold},
		{func() {}, ""},
		{source.live, ""},
		{func() { source.publish(content(200, "image/png", "\x8a")) }, ""},
		{func() { source.stale("down") }, "stale: down"},
		{source.live, untold},
		{func() { source.publish(json("2")) }, "2; live"},
	} {
		step.act()
		if got := s.hear(); got != step.want {
			t.Errorf("step %d: heard %q, want %q", i, got, step.want)
		}
	}
	if got := s.count.all(); len(got) != 2 || !s.Complete() {
		t.Errorf("delivered %v, complete %v", got, s.Complete())
	}
}

func TestAStreamThatCannotSayWhatIsWrongBreaksOff(t *testing.T) {
	source := newFake("1")
	s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: ndjson, Delivered: func(*upgrade.Update) {}})
	told(s)
	source.publish(content(200, "text/html", "<h1>maintenance</h1>"))
	said, last := told(s)
	if len(said) != 0 || !last || s.Complete() {
		t.Errorf("%q, last %v, complete %v", said, last, s.Complete())
	}
}

func TestOnlyEventStreamsTellStatus(t *testing.T) {
	for _, kind := range []upgrade.Transport{ndjson, multi} {
		source := newFake("1")
		s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: kind, Delivered: func(*upgrade.Update) {}})
		told(s)
		source.stale("down")
		source.publish(content(404, "", "gone"))
		if said, last := told(s); len(said) != 0 || last {
			t.Errorf("%v: %q %v", kind, said, last)
		}
	}
}

func TestASourceThatEndsEndsItsStreamsWell(t *testing.T) {
	for _, test := range []struct {
		why  error
		told bool // a version that came with the end
	}{{upgrade.ErrRevoked, false}, {upgrade.ErrMoved, false}, {upgrade.ErrClosed, true}, {errors.New("other"), false}} {
		for _, kind := range []upgrade.Transport{sse, ndjson, multi} {
			source := newFake("1")
			s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: kind, Delivered: func(*upgrade.Update) {}})
			opening, _ := told(s)
			source.publish(json(`"two"`))
			source.end(test.why)
			said, last := told(s)
			_, body, _ := bytes.Cut(opening, []byte("\r\n\r\n"))
			whole, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(append(body, said...))))
			if err != nil || !last || !s.Complete() {
				t.Errorf("%v %v: %q last %v complete %v, %v", kind, test.why, said, last, s.Complete(), err)
			}
			if got := bytes.Contains(whole, []byte(`"two"`)); got != test.told {
				t.Errorf("%v %v: the last version was told: %v", kind, test.why, got)
			}
		}
	}
}

func TestEveryFrameOfAnHTTP11StreamIsWholeChunks(t *testing.T) {
	for _, options := range []upgrade.StreamOptions{{Kind: sse}, {Kind: ndjson}, {Kind: multi}, {Kind: multi, Picture: true}} {
		options.Delivered = func(*upgrade.Update) {}
		source := newFake("")
		s := upgrade.NewStream(source, options)
		head := true
		check := func(frame []byte) {
			t.Helper()
			if head {
				_, frame, _ = bytes.Cut(frame, []byte("\r\n\r\n"))
				head = false
			}
			// With the last chunk behind it, it is a body.
			if _, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(append(bytes.Clone(frame), "0\r\n\r\n"...)))); err != nil {
				t.Fatalf("%+v: %q: %v", options, frame, err)
			}
		}
		for n := range 3 * upgrade.MaxPartBeats {
			frame, _, _ := s.Next()
			check(frame)
			s.Sent()
			if n%70 == 69 {
				source.publish(content(200, "image/png", "{}"))
				source.publish(json("[]"))
			}
			frame, _ = s.Beat()
			check(frame)
		}
		check(bytes.TrimSuffix(s.Leave(), []byte("0\r\n\r\n")))
	}
}

func TestAClientMayPipelineOnAStreamButNotTalk(t *testing.T) {
	for _, test := range []struct {
		bytes int
		fine  bool
	}{{0, true}, {1, true}, {upgrade.MaxChatter - 1, true}, {upgrade.MaxChatter, false}, {10 * upgrade.MaxChatter, false}} {
		s := upgrade.NewStream(newFake("1"), upgrade.StreamOptions{Kind: sse})
		verdict := fanout.Listening
		for left := test.bytes; left > 0 && verdict == fanout.Listening; left -= 1000 {
			verdict, _ = s.Heard(make([]byte, min(left, 1000)))
		}
		if (verdict == fanout.Listening) != test.fine {
			t.Errorf("%d bytes: verdict %d", test.bytes, verdict)
		}
	}
}

func FuzzLastEventID(f *testing.F) {
	f.Add([]byte("id-1"), "id-1")
	f.Add([]byte(""), "")
	f.Add([]byte("id-1\x00"), "id-1")
	f.Fuzz(func(t *testing.T, resume []byte, id string) {
		source := newFake("")
		u := json("1")
		u.ID = id
		source.publish(u)
		s := newEvents(source, string(resume))
		want := "1"
		if len(resume) > 0 && string(resume) == id {
			want = ""
		}
		if got := s.hear(); got != want {
			t.Fatalf("%q with %q: heard %q", id, resume, got)
		}
		source.publish(json("2"))
		if got := s.hear(); got != "2" {
			t.Fatalf("%q with %q: heard %q of the next version", id, resume, got)
		}
	})
}

// There is one for each client that waits.
func TestAStreamIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(upgrade.Stream{}); size > 128 {
		t.Errorf("%d bytes", size)
	}
}
