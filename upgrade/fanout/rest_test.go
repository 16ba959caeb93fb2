//go:build linux && !goroutines

package fanout_test

import (
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// newAsker is a session that answers each question with the next number, once, and
// takes "again" for another question.
func newAsker(b *board, early *string) *reader {
	answered := false
	r := &reader{board: b, expire: func() []byte { return []byte("expired\n") }}
	r.next = func() ([]byte, <-chan struct{}, bool) {
		version, changed := b.latest()
		if version == r.have {
			return nil, changed, false
		}
		r.have = version
		return []byte{'0' + byte(version), '\n'}, nil, true
	}
	r.sent = func() { answered = true }
	r.heard = func(said string) (fanout.Verdict, func()) {
		if answered && said == "again" {
			answered = false
			return fanout.Renewed, nil
		}
		*early += said
		return fanout.Spoken, nil
	}
	return r
}

func TestAClientThatAsksAgainIsHeldAgain(t *testing.T) {
	e, b, early := newEngine(t), newBoard(), ""
	defer e.Close()
	h := holdSocket(t, e, newAsker(b, &early), fanout.Terms{Hold: time.Hour, Rest: time.Hour})
	for _, text := range []string{"1\n", "2\n", "3\n"} {
		b.publish()
		h.reads(text)
		h.says("again")
	}
	// Versions that come while it rests are not told before it asks.
	b.publish()
	h.reads("4\n")
	b.publish()
	h.says("again")
	h.reads("5\n")
	// Anything else is the next one's.
	h.says("other")
	h.want(fanout.Done)
	if early != "other" {
		t.Errorf("early %q", early)
	}
	if _, err := h.server.Write([]byte("x")); err != nil {
		t.Error(err)
	}
}

func TestWhoAsksOtherwiseWhileItWaitsIsAnsweredAtOnce(t *testing.T) {
	e, b, early := newEngine(t), newBoard(), ""
	defer e.Close()
	h := holdSocket(t, e, newAsker(b, &early), fanout.Terms{Hold: time.Hour, Rest: time.Hour})
	h.says("again") // nothing was answered yet
	h.reads("expired\n")
	h.want(fanout.Done) // and what it asked is not kept waiting
	if early != "again" {
		t.Errorf("early %q", early)
	}
}

func TestARestEnds(t *testing.T) {
	for name, story := range map[string]struct {
		end  func(*fanout.Engine, *socketed)
		want []fanout.End
	}{
		"in time":        {func(*fanout.Engine, *socketed) {}, []fanout.End{fanout.Done}},
		"when it drains": {func(e *fanout.Engine, _ *socketed) { e.Drain(fanout.DrainSpread) }, []fanout.End{fanout.Done}},
		"by the client":  {func(_ *fanout.Engine, h *socketed) { _ = h.client.Close() }, []fanout.End{fanout.Gone}},
		// It is noticed at once if the answer was written before the poller was told of the socket.
		"by somebody else":  {func(_ *fanout.Engine, h *socketed) { _ = h.server.Close() }, []fanout.End{fanout.Done, fanout.Gone}},
		"after being woken": {func(_ *fanout.Engine, h *socketed) { h.held.Wake() }, []fanout.End{fanout.Done}},
	} {
		t.Run(name, func(t *testing.T) {
			e, b, early := newEngine(t), newBoard(), ""
			defer e.Close()
			rest := await.Patience
			switch name {
			case "in time", "by somebody else", "after being woken":
				rest = 50 * time.Millisecond
			}
			h := holdSocket(t, e, newAsker(b, &early), fanout.Terms{Hold: time.Hour, Rest: rest})
			b.publish()
			h.reads("1\n")
			story.end(e, h)
			h.wantOneOf(story.want...)
		})
	}
}
