package upgrade_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// large is content that is encoded aside, another one for each n.
func large(n int) upgrade.Update {
	var b strings.Builder
	for i := 0; b.Len() < upgrade.Dear; i++ {
		fmt.Fprintf(&b, `{"version":%d,"line":%d}`+"\n", n, i*i)
	}
	u := content(200, "text/plain", b.String())
	u.Offer = &coding.Offer{Press: coding.NewPress(), Codings: []coding.Coding{coding.Gzip}}
	return u
}

// heldSessions are one of each kind that gets compressed what it can.
func heldSessions(source *fake, have *upgrade.Update, c *counter) map[string]fanout.Session {
	press := coding.NewPress()
	gzipped := have.Accepts([]byte("gzip"))
	return map[string]fanout.Session{
		"sse":       upgrade.NewStream(source, upgrade.StreamOptions{Kind: upgrade.SSE, Delivered: c.delivered}),
		"sse, gzip": upgrade.NewStream(source, upgrade.StreamOptions{Kind: upgrade.SSE, Coding: coding.Gzip, Press: press, Delivered: c.delivered}),
		"multipart": upgrade.NewStream(source, upgrade.StreamOptions{Kind: upgrade.Multipart, Delivered: c.delivered}),
		"websocket": upgrade.NewSocket("key", nil, source, upgrade.SocketOptions{Press: press, Delivered: c.delivered}),
		"long poll": upgrade.NewLongPoll(source, upgrade.LongPollOptions{Have: have, Accepted: gzipped, Delivered: c.delivered}),
	}
}

func TestWhatTakesLongToEncodeIsEncodedAside(t *testing.T) {
	source, c := newFake(""), new(counter)
	first := source.publish(large(1))
	for name, s := range heldSessions(source, first, c) {
		told(s)
		source.publish(large(2))
		frame, made, last := s.Next()
		if len(frame) > 0 || last || made == nil || made == source.Latest().Changed {
			t.Errorf("%s: %d bytes, %v: encodes in its turn", name, len(frame), last)
			continue
		}
		select {
		case <-made:
		case <-time.After(await.Patience):
			t.Fatalf("%s: nobody is told that it is there", name)
		}
		// It is told even though another version has come, as one always may have.
		before := len(c.all())
		source.publish(large(3))
		if frame, _, _ = s.Next(); len(frame) == 0 {
			t.Errorf("%s: waits for ever for the newest", name)
		}
		s.Sent()
		if all := c.all(); len(all) != before+1 || all[before] != source.version-1 {
			t.Errorf("%s: was told %v", name, all)
		}
		source.publish(large(1))
	}
}

func TestWhatIsEncodedAsideIsNotToldToWhoIsNoLongerLetIn(t *testing.T) {
	source, c := newFake(""), new(counter)
	first := source.publish(large(1))
	for name, s := range heldSessions(source, first, c) {
		if source.Latest().Ended != nil {
			source.say(upgrade.State{Update: first})
		}
		told(s)
		before := len(c.all())
		source.publish(large(2))
		_, made, _ := s.Next()
		<-made
		source.end(upgrade.ErrRevoked)
		if _, _, last := s.Next(); !last {
			t.Errorf("%s: goes on", name)
		}
		s.Sent()
		if all := c.all(); len(all) != before {
			t.Errorf("%s: was told %v", name, all[before:])
		}
	}
}

// What was overtaken by an answer that is none is not told once there is one again.
func TestWhatIsEncodedAsideIsForgottenWhenThereIsNothingToDeliver(t *testing.T) {
	source, c := newFake(""), new(counter)
	first := source.publish(large(1))
	for name, s := range heldSessions(source, first, c) {
		if name == "long poll" { // it is told of that as well
			continue
		}
		told(s)
		source.publish(large(2))
		_, made, _ := s.Next()
		<-made
		source.publish(content(404, "text/plain", "gone"))
		told(s)
		last := source.publish(large(4))
		before := len(c.all())
		told(s)
		if all := c.all(); len(all) != before+1 || all[before] != last.Version {
			t.Errorf("%s: was told %v", name, all[before:])
		}
	}
}

// A long poll whose time is up is answered with what is there.
func TestALongPollThatEndsDoesNotWaitForAnEncoding(t *testing.T) {
	source, c := newFake(""), new(counter)
	first := source.publish(large(1))
	for name, end := range map[string]func(*upgrade.LongPoll) []byte{
		"expires": (*upgrade.LongPoll).Expire, "leaves": (*upgrade.LongPoll).Leave,
	} {
		p := upgrade.NewLongPoll(source, upgrade.LongPollOptions{Have: first, Accepted: first.Accepts([]byte("gzip")), Delivered: c.delivered})
		next := source.publish(large(2))
		if _, made, _ := p.Next(); made == nil {
			t.Fatalf("%s: does not wait", name)
		}
		head, body, _ := bytes.Cut(end(p), []byte("\r\n\r\n"))
		if bytes.Contains(head, []byte("Content-Encoding: gzip")) {
			unpacked, err := gzip.NewReader(bytes.NewReader(body)) // it was as fast
			if err != nil {
				t.Fatal(err)
			}
			body, _ = io.ReadAll(unpacked)
		}
		if !bytes.Equal(body, next.Body) {
			t.Errorf("%s: %d bytes of %d", name, len(body), len(next.Body))
		}
		p.Sent()
	}
}

// A panic is that of a session: the engine contains and reports it.
func TestAPanicAsideIsThatOfWhoAsks(t *testing.T) {
	source := newFake("")
	broken := large(2)
	broken.Offer = &coding.Offer{Codings: broken.Offer.Codings} // no press
	first := source.publish(large(1))
	ask := func() (frame []byte, panicked bool) {
		p := upgrade.NewLongPoll(source, upgrade.LongPollOptions{Have: first, Accepted: first.Accepts([]byte("gzip"))})
		defer func() { panicked = recover() != nil }()
		for {
			frame, made, last := p.Next()
			if last {
				return frame, false
			}
			<-made
		}
	}
	source.publish(broken)
	if _, panicked := ask(); !panicked {
		t.Error("nobody is told of it")
	}
	if frame, panicked := ask(); panicked || len(frame) == 0 {
		t.Errorf("others: %d bytes, panicked %v", len(frame), panicked)
	}
}
