package upgrade_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// event is what an EventSource dispatches.
type event struct{ kind, data, id string }

// eventSource interprets an event stream as the WHATWG text says (HTML sections
// 9.2.5 and 9.2.6), byte by byte as it comes, with nothing of ours.
type eventSource struct {
	events []event
	retry  int // -1: never told

	begun    []byte // of the stream, while it may be a byte order mark
	past     bool   // that question is settled
	line     []byte
	afterCR  bool
	data     []byte
	kind, id string // the event type buffer and the last event ID buffer
}

func newEventSource() *eventSource { return &eventSource{retry: -1} }

const byteOrderMark = "\xef\xbb\xbf"

// feed takes what came. An event that is not ended by then is not dispatched.
func (s *eventSource) feed(b []byte) {
	for _, c := range b {
		s.start(c)
	}
}

// start leaves out one byte order mark at the beginning of the stream.
func (s *eventSource) start(c byte) {
	if s.past {
		s.char(c)
		return
	}
	s.begun = append(s.begun, c)
	switch {
	case string(s.begun) == byteOrderMark:
		s.past = true
	case !strings.HasPrefix(byteOrderMark, string(s.begun)):
		s.past = true
		for _, c := range s.begun {
			s.char(c)
		}
	}
}

// char ends lines at LF, CR, and CRLF even if the two come apart.
func (s *eventSource) char(c byte) {
	afterCR := s.afterCR
	s.afterCR = c == '\r'
	switch {
	case c == '\n' && afterCR:
	case c == '\n' || c == '\r':
		s.process(string(s.line))
		s.line = s.line[:0]
	default:
		s.line = append(s.line, c)
	}
}

func (s *eventSource) process(line string) {
	switch i := strings.IndexByte(line, ':'); {
	case line == "":
		s.dispatch()
	case i == 0: // a comment
	case i > 0:
		s.field(line[:i], strings.TrimPrefix(line[i+1:], " "))
	default:
		s.field(line, "")
	}
}

func (s *eventSource) field(name, value string) {
	switch name {
	case "event":
		s.kind = value
	case "data":
		s.data = append(append(s.data, value...), '\n')
	case "id":
		if strings.IndexByte(value, 0) < 0 {
			s.id = value
		}
	case "retry":
		if n, err := strconv.Atoi(value); err == nil && strings.Trim(value, "0123456789") == "" {
			s.retry = n
		}
	}
}

func (s *eventSource) dispatch() {
	kind, data := s.kind, s.data
	s.kind, s.data = "", nil
	if len(data) == 0 {
		return
	}
	if kind == "" {
		kind = "message"
	}
	s.events = append(s.events, event{kind, strings.TrimSuffix(string(data), "\n"), s.id})
}

// The rows are from the text: its grammar, its examples, and what it says of each
// field. A word is type/data/ID.
func TestTheTestsEventSourceIsThatOfTheSpecification(t *testing.T) {
	for stream, want := range map[string]string{
		"data: YHOO\ndata: +2\ndata: 10\n\n":                                         "message/YHOO\n+2\n10/",
		": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\n":                 "message/first/1 message/second/",
		"data: first event\nid: 1\n\ndata:  third event\n\n":                         "message/first event/1 message/ third event/1",
		"data\n\ndata\ndata\n\ndata:":                                                "message// message/\n/",
		"data:test\n\ndata: test\n\n":                                                "message/test/ message/test/",
		"data: lf\n\ndata: cr\r\rdata: crlf\r\n\r\ndata: mixed\r\n\n":                "message/lf/ message/cr/ message/crlf/ message/mixed/",
		"data: a\rdata: b\n\r":                                                       "message/a\nb/",
		byteOrderMark + "data: marked\n\n":                                           "message/marked/",
		byteOrderMark + byteOrderMark + "data: twice\n\ndata: x\n\n":                 "message/x/",
		"\xef\xbbdata: cut\n\ndata: x\n\n":                                           "message/x/",
		"event: add\ndata: 1\n\ndata: 2\n\n":                                         "add/1/ message/2/",
		"event: add\n\ndata: 1\n\n":                                                  "message/1/",
		"event: a\nevent: b\ndata\n\n":                                               "b//",
		"Data: x\nDATA: x\n data: x\ndata : x\nfoo: x\nfoo\ndata: y\n\n":             "message/y/",
		"id: 1\n\ndata: x\n\nid:\ndata: y\n\n":                                       "message/x/1 message/y/",
		"id: 1\nid: a\x00b\ndata: x\n\n":                                             "message/x/1",
		"id: a:b \ndata: x:y \n\n":                                                   "message/x:y /a:b ",
		"data: unfinished\n":                                                         "",
		"data: a\n\ndata: unfinished":                                                "message/a/",
		":data: x\n:\n\n":                                                            "",
		"retry: 10\n\n":                                                              "retry 10",
		"retry: 10\nretry: 20x\nretry: -1\nretry: +5\nretry: 1.5\nretry:\nretry\n\n": "retry 10",
		"retry:5\nretry:  7\n\n":                                                     "retry 5",
		"retry: 007":                                                                 "",
		"data: \xe2\x80\xa8\n\n":                                                     "message/\u2028/",
	} {
		// However it is cut on its way.
		for _, size := range []int{1, 2, 3, len(stream)} {
			s := newEventSource()
			for rest := []byte(stream); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				s.feed(rest[:min(size, len(rest))])
			}
			var words []string
			for _, e := range s.events {
				words = append(words, e.kind+"/"+e.data+"/"+e.id)
			}
			if s.retry >= 0 {
				words = append(words, fmt.Sprint("retry ", s.retry))
			}
			if got := strings.Join(words, " "); got != want {
				t.Errorf("%q by %d: %q, want %q", stream, size, got, want)
			}
		}
	}
}

// A story of versions, beats and turns, cut at random, is heard as it was told.
// Nothing in a body, an ID or a reason becomes a field, an event or a line.
func TestAnEventSourceHearsWhatWasTold(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	pieces := []string{"", "x", "\n", "\r", "\r\n", "\n\n", "\x00", byteOrderMark, "\u2028", "data: ", "id: 7", "event: status", "retry: 1", ":", " ", "\U0001F600", "{\"a\":1}"}
	text := func() string {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 300 {
		source := newFake("")
		s := newEvents(source, "")
		wire := bytes.NewBufferString(s.from)
		var want []event
		id, reason := "", ""
		for range random.IntN(20) {
			switch random.IntN(4) {
			case 0:
				beat, _ := s.Beat()
				wire.Write(beat)
				continue
			case 1:
				reason = "because " + text()
				source.stale(reason)
				if source.Latest().Update == nil {
					continue // nobody was told anything
				}
			default:
				u := content(200, "text/plain", text())
				if u.ID = text(); u.ID != "" && !strings.ContainsAny(u.ID, "\r\n\x00") {
					id = u.ID
				}
				source.publish(u)
				want = append(want, event{"message", lineFeeds(string(u.Body)), id})
			}
			said, _ := told(s)
			wire.Write(said)
		}
		heard := newEventSource()
		for rest := wire.Bytes(); len(rest) > 0; {
			n := 1 + random.IntN(len(rest))
			heard.feed(rest[:n])
			rest = rest[n:]
		}
		var got []event
		for _, e := range heard.events {
			if e.kind == "message" {
				got = append(got, e)
			} else if e.kind != "status" || strings.ContainsAny(e.data, "\r\n\x00") {
				t.Fatalf("%q", e)
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("heard %q, want %q, of %q", got, want, wire)
		}
		if len(heard.line) > 0 || len(heard.data) > 0 {
			t.Fatalf("an event is not ended: %q", wire)
		}
	}
}
