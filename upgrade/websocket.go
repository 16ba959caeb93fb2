package upgrade

import (
	"bytes"
	"errors"
	"time"

	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// Message is what a client sent.
type Message struct {
	Text bool
	Data []byte

	deflated bool // Data is to be inflated
}

// Socket is a subscriber over a WebSocket. It is a fanout.Session.
type Socket struct {
	source    Source
	opened    time.Time
	ping      time.Duration
	press     *coding.Press // nil: nothing is deflated
	send      func(Message) error
	delivered func(*Update)

	pending []byte // goes out before anything else
	have    uint64
	sending *Update
	awaited awaited

	inbox   inbox
	taking  bool   // a message is being handed on: nothing is read
	rest    []byte // what came behind that
	refused error  // what became of it; of the work that hands it on
	closing []byte // the Close frame that ends the session, because of what the client said
	over    bool   // no more messages can be read

	heard      time.Duration // when anything came last, since opened: a long message is no silence
	seen       time.Duration // heard at the last beat
	unanswered int           // pings since
}

// SocketOptions are the policy for a WebSocket.
type SocketOptions struct {
	Ping       time.Duration // how often Beat is called
	MaxMessage int64         // bytes, inflated; 0 is no limit

	// Press compresses messages, once coding.Extension was agreed to. Nil: that
	// was not.
	Press *coding.Press

	// Send is given each message of the client, in order, and may block the
	// next. A *CloseError, or any other error with 1011, closes the socket.
	// Nil: a message closes it with 1003.
	Send func(Message) error

	// Delivered is told of each update that was written to the client. It must
	// not block.
	Delivered func(*Update)
}

// NewSocket returns a subscriber that answers a valid handshake first.
func NewSocket(key string, fields []Field, source Source, o SocketOptions) *Socket {
	s := &Socket{source: source, opened: time.Now(), ping: o.Ping, press: o.Press, send: o.Send, delivered: o.Delivered}
	s.pending = appendSwitch(nil, key, fields)
	s.inbox = inbox{most: o.MaxMessage, silent: o.Send == nil, pong: s.pong, head: headReader{deflates: o.Press != nil}}
	return s
}

// Next returns the newest update as a message.
func (s *Socket) Next() (frame []byte, changed <-chan struct{}, last bool) {
	if len(s.pending) > 0 {
		frame, s.pending = s.pending, nil
		return frame, nil, false
	}
	state := s.source.Latest()
	if u := state.unseen(s.have); u != nil && u.HasSnapshot() {
		u, made := s.awaited.next(u, s.aside)
		if made != nil {
			return nil, made, false
		}
		s.have, s.sending = u.Version, u
		return u.message(s.press), nil, false
	}
	s.awaited.update = nil
	if state.Ended != nil {
		return closeFrame(endCode(state.Ended)), nil, true
	}
	return nil, state.Changed, false
}

// Sent accounts for a delivered update.
func (s *Socket) Sent() {
	if s.sending != nil {
		s.delivered(s.sending)
		s.sending = nil
	}
}

// Beat pings, and gives up on a peer that has been silent for 2.5 pings' time
// and has left two of them unanswered: the pings may have waited behind a large
// message, and what it answers may not be read while its own is handed on.
func (s *Socket) Beat() (frame []byte, last bool) {
	if s.heard != s.seen || s.taking {
		s.seen, s.unanswered = s.heard, 0
	}
	if s.unanswered >= 2 && time.Since(s.opened)-s.heard > s.ping*5/2 {
		return nil, true
	}
	s.unanswered++
	s.inbox.budget.owed++
	return []byte{final | opPing, 0}, false
}

// Expire ends a socket whose client has said something that ends it.
func (s *Socket) Expire() []byte { return append(s.pending, s.closing...) }

// Leave asks the client to connect again.
func (s *Socket) Leave() []byte { return closeFrame(CloseRestart, "the proxy is restarting") }

// Heard reads the client's messages, and ends the session because of what it says:
// Expire has the Close frame then, the answer to the client's own, or a reason. The
// client is heard out until its own Close, unless it broke the rules, after which
// nothing more is to be understood of it (RFC 6455 section 7.1.7). The server has to
// close first, with all read that is on its way (section 7.1.1).
func (s *Socket) Heard(p []byte) (v fanout.Verdict, work func()) {
	if len(p) > 0 {
		s.heard = time.Since(s.opened)
	}
	if s.taking {
		p, s.taking, s.rest = s.rest, false, nil
		s.close(s.refused)
	}
	for len(p) > 0 && !s.over {
		m, rest, err := s.inbox.take(p)
		if err != nil {
			s.over = true
			s.close(err)
		} else if m != nil && s.closing == nil {
			return fanout.Listening, s.take(*m, rest)
		}
		p = rest
	}
	switch {
	case s.over:
		return fanout.Finished, nil
	case s.closing != nil:
		return fanout.Spoken, nil
	}
	return fanout.Listening, nil
}

// take hands a message on. To inflate it takes as long as its client likes, too.
func (s *Socket) take(m Message, rest []byte) (work func()) {
	s.taking, s.rest, s.refused = true, bytes.Clone(rest), nil
	return func() {
		err := m.inflate(s.press, s.inbox.most)
		if err == nil {
			err = s.send(m)
		}
		if refusal := (*CloseError)(nil); err != nil && !errors.As(err, &refusal) {
			err = &CloseError{Code: CloseBroken, Reason: err.Error()}
		}
		s.refused = err
	}
}

// close makes the Close frame that an error calls for; nil is none.
func (s *Socket) close(err error) {
	if err != nil && s.closing == nil {
		s.closing = lastWord(err)
	}
}

// pong answers a ping.
func (s *Socket) pong(payload []byte) {
	s.pending = append(appendFrameHead(s.pending, final|opPong, len(payload)), payload...)
}

// lastWord is the Close frame that an error calls for.
func lastWord(err error) []byte {
	var closed *clientClose
	if errors.As(err, &closed) {
		return echoFrame(closed.echo)
	}
	var refusal *CloseError
	errors.As(err, &refusal)
	return closeFrame(refusal.Code, refusal.Reason)
}
