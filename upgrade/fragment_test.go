package upgrade_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
)

var streamCodings = []coding.Coding{coding.Gzip, coding.Zstd}

// newCoded is a stream, for clients of HTTP/1.0, and the head of its response.
func newCoded(kind upgrade.Transport, c coding.Coding, source *fake) (s *upgrade.Stream, head, said string) {
	s = upgrade.NewStream(source, upgrade.StreamOptions{Kind: kind, HTTP10: true, Coding: c, Press: press, Delivered: func(*upgrade.Update) {}})
	opening, _, _ := s.Next()
	head, said, _ = strings.Cut(string(opening), "\r\n\r\n")
	return s, head, said
}

// decodes reads what a stream has said so far, whether it goes on or not.
func decodes(t *testing.T, c coding.Coding, said string) string {
	t.Helper()
	from, err := decoder(c.String(), strings.NewReader(said))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(from)
	if err != nil && err != io.ErrUnexpectedEOF {
		t.Fatalf("%v after %q", err, all)
	}
	return string(all)
}

func TestACompressedStreamSaysWhatTheOtherDoes(t *testing.T) {
	for _, kind := range []upgrade.Transport{upgrade.SSE, upgrade.NDJSON} {
		for _, c := range streamCodings {
			t.Run(fmt.Sprint(kind, " ", c), func(t *testing.T) {
				source := newFake("")
				bare, _, plainly := newCoded(kind, coding.Identity, source)
				s, head, said := newCoded(kind, c, source)
				if !strings.Contains(head, "\r\nContent-Encoding: "+c.String()+"\r\n") {
					t.Errorf("%s", head)
				}
				plainly = said0(plainly)
				add := func(b []byte, plain []byte) {
					said, plainly = said+string(b), plainly+string(plain)
					if got := said0(decodes(t, c, said)); got != plainly {
						t.Fatalf("heard %q, want %q", got, plainly)
					}
				}
				both := func() {
					b, _ := told(s)
					plain, _ := told(bare)
					add(b, plain)
				}
				for i := range 6 {
					source.publish(json(league(i)))
					both()
					coded, _ := s.Beat()
					plain, _ := bare.Beat()
					add(coded, plain)
					source.stale(strings.Repeat("why ", i*50))
					both()
					source.live()
					both()
				}
				source.end(upgrade.ErrClosed)
				b, last := told(s)
				if _, bareLast := told(bare); !last || !bareLast {
					t.Error("it goes on")
				}
				if got := said0(plain(t, c.String(), said+string(b))); got != plainly {
					t.Errorf("at the end %q, want %q", got, plainly)
				}
				if len(said) > len(plainly)/2 {
					t.Errorf("%d bytes of %d are left", len(said), len(plainly))
				}
			})
		}
	}
}

// said0 leaves out how long to wait before connecting again, which is random.
func said0(said string) string {
	before, after, ok := strings.Cut(said, "retry: ")
	if !ok {
		return said
	}
	_, after, _ = strings.Cut(after, "\n")
	return before + after
}

func TestClientsThatSkipVersionsHaveGoodStreams(t *testing.T) {
	for _, c := range streamCodings {
		source := newFake(league(0))
		var all [20]*upgrade.Stream
		var said, want [20]strings.Builder
		for i := range all {
			var opening string
			all[i], _, opening = newCoded(upgrade.NDJSON, c, source)
			said[i].WriteString(opening)
		}
		for v := range 30 {
			source.publish(json(league(v)))
			for i, s := range all {
				if rand.IntN(3) == 0 {
					b, _ := told(s)
					said[i].Write(b)
					want[i].WriteString(league(v) + "\n")
				}
				if rand.IntN(5) == 0 {
					b, _ := s.Beat()
					said[i].Write(b)
					want[i].WriteString("\n")
				}
			}
		}
		for i, s := range all {
			said[i].Write(s.Leave())
			if got := plain(t, c.String(), said[i].String()); got != want[i].String() {
				t.Errorf("%v: client %d heard %d bytes, want %d", c, i, len(got), want[i].Len())
			}
		}
	}
}

func TestALeavingStreamSaysGoodbyeWithinItsCoding(t *testing.T) {
	for _, c := range streamCodings {
		s, _, said := newCoded(upgrade.SSE, c, newFake(league(1)))
		b, _ := told(s)
		said += string(b) + string(s.Leave())
		events, retry := parseEvents(plain(t, c.String(), said))
		if len(events) != 1 || retry < int(upgrade.RetryFull.Milliseconds()) {
			t.Errorf("%v: %d events, retry %d", c, len(events), retry)
		}
	}
}

func TestFramesOfAStreamAreCompressedOnceForAHundredClients(t *testing.T) {
	var mu sync.Mutex
	var kept int
	for _, c := range streamCodings {
		source := newFake("")
		first := json(league(1))
		first.Taken = func(int) { mu.Lock(); kept++; mu.Unlock() }
		source.publish(first)
		frames := map[*byte]bool{}
		var clients sync.WaitGroup
		for range 100 {
			clients.Go(func() {
				s := upgrade.NewStream(source, upgrade.StreamOptions{Kind: upgrade.SSE, Coding: c, Press: press, Delivered: func(*upgrade.Update) {}})
				_, _, _ = s.Next()
				frame, _, _ := s.Next()
				mu.Lock()
				defer mu.Unlock()
				frames[&frame[0]] = true
			})
		}
		clients.Wait()
		if len(frames) != 1 {
			t.Errorf("%v: %d frames were made", c, len(frames))
		}
	}
	if kept != 2*len(streamCodings) { // as it is, and compressed
		t.Errorf("%d encodings were accounted for", kept)
	}
}

func TestWhatCannotBeToldBreaksOffACompressedStreamToo(t *testing.T) {
	for _, c := range streamCodings {
		source := newFake(league(1))
		s, _, said := newCoded(upgrade.NDJSON, c, source)
		b, _ := told(s)
		source.publish(content(200, "application/json", "{"))
		end, last := told(s)
		if !last || len(end) > 0 || s.Complete() {
			t.Errorf("%v: %q, complete: %v", c, end, s.Complete())
		}
		if got := decodes(t, c, said+string(b)); got != league(1)+"\n" {
			t.Errorf("%v: %q", c, got)
		}
	}
}

func TestMultipartAndFullStreamsGoAsTheyAre(t *testing.T) {
	source := newFake(league(1))
	_, head, said := newCoded(upgrade.Multipart, coding.Gzip, source)
	if strings.Contains(head, "Content-Encoding") || !strings.HasPrefix(said, "--"+upgrade.Boundary) {
		t.Errorf("%s\n%q", head, said)
	}
	if full := upgrade.FullEvents(nil, false); bytes.Contains(full, []byte("Content-Encoding")) {
		t.Errorf("%s", full)
	}
}
