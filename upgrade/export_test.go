package upgrade

import (
	"io"
	"time"

	"github.com/pollmux/pollmux/upgrade/coding"
)

const (
	Boundary     = boundary
	MaxPartBeats = maxPartBeats
	MaxChatter   = maxChatter
	ChatterRate  = chatterRate
	FramePrice   = framePrice
	RetryUsual   = retryUsual
	RetryFull    = retryFull
)

// Encoded is what goes on the wire for an update.
func (u *Update) Encoded(t Transport, chunked bool) ([]byte, error) {
	f := u.frame(t)
	return f.bytes(chunked), f.err
}

// Content is the body of an answer.
func Content(a *Answer) []byte { return a.content() }

// CloseFrame is what ends a WebSocket.
func CloseFrame(code int, reason string) []byte { return closeFrame(code, reason) }

// StatusEvent is what tells an EventSource that its source is stale or live.
func StatusEvent(reason string) []byte { return statusEvent(reason) }

// Answers is how many long-poll answers are kept for an update as it is.
func (u *Update) Answers() int { return len(u.frames.answers[coding.Identity]) }

// LastHeard is when the peer was heard last, since the socket was opened.
func (s *Socket) LastHeard() time.Duration { return s.heard }

// ReadInbox reads all that a client sends: its messages and the frames that answer
// its pings, in order, and the Close that ends them; nil if it just stops.
func ReadInbox(r io.Reader, most int64, message func(Message), pong func(frame []byte)) (last []byte) {
	i := inbox{most: most, pong: func(payload []byte) {
		pong(append(appendFrameHead(nil, final|opPong, len(payload)), payload...))
	}}
	for buf := make([]byte, 512); ; {
		n, err := r.Read(buf)
		for p := buf[:n]; len(p) > 0; {
			m, rest, err := i.take(p)
			if err != nil {
				return lastWord(err)
			}
			if p = rest; m != nil {
				message(*m)
			}
		}
		if err != nil {
			return nil
		}
	}
}

// Awaits reports whether a session waits for an encoding, rather than for news.
func (s *Stream) Awaits() bool   { return s.awaited.update != nil }
func (p *LongPoll) Awaits() bool { return p.awaited.update != nil }
func (s *Socket) Awaits() bool   { return s.awaited.update != nil }

// Dear is the size from which on an update is encoded aside.
const Dear = dear
