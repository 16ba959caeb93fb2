package upgrade

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Message is what a client sent.
type Message struct {
	Text bool
	Data []byte
}

// Socket is a subscriber over a WebSocket. It is a fanout.Session.
type Socket struct {
	source    Source
	wire      *wire
	inbox     inbox
	ping      time.Duration
	send      func(Message) error
	delivered func(*Update)

	taking atomic.Bool // a message is being handed on: nothing is read

	// Listen has this, and Expire once Listen has returned.
	closing []byte // the Close frame that ends the session
	over    error  // why no more messages can be read

	// The engine's goroutine has these.
	have       uint64
	sending    *Update
	seen       time.Duration // wire.heard at the last beat
	unanswered int           // pings since
}

// SocketOptions are the policy for a WebSocket.
type SocketOptions struct {
	Ping       time.Duration // how often Beat is called
	MaxMessage int64         // bytes; 0 is no limit

	// Send is given each message of the client, in order, and may block the
	// next. A *CloseError, or any other error with 1011, closes the socket.
	// Nil: a message closes it with 1003.
	Send func(Message) error

	// Delivered is told of each update that was written to the client. It must
	// not block.
	Delivered func(*Update)
}

// NewSocket answers a valid handshake on a connection that belongs to the
// caller, and returns the subscriber. Each Write to the connection must be whole:
// a pong is written while the engine may be writing as well.
func NewSocket(c net.Conn, key string, fields []Field, source Source, o SocketOptions) (*Socket, error) {
	if _, err := c.Write(appendSwitch(nil, key, fields)); err != nil {
		return nil, err
	}
	s := &Socket{source: source, wire: &wire{Conn: c, opened: time.Now()}, ping: o.Ping, send: o.Send, delivered: o.Delivered}
	s.inbox = inbox{
		from: bufio.NewReaderSize(s.wire, readAhead), most: o.MaxMessage, silent: o.Send == nil, pong: s.pong,
	}
	return s, nil
}

// readAhead is the room for frames that are not read yet. Large ones go past
// it.
const readAhead = 512

// Next returns the newest update as a message.
func (s *Socket) Next() (frame []byte, changed <-chan struct{}, last bool) {
	state := s.source.Latest()
	if u := state.unseen(s.have); u != nil && u.HasSnapshot() {
		s.have, s.sending = u.Version, u
		return u.frame(WebSocket).plain, nil, false
	}
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
	heard := time.Duration(s.wire.heard.Load())
	if heard != s.seen || s.taking.Load() {
		s.seen, s.unanswered = heard, 0
	}
	if s.unanswered >= 2 && s.wire.silence() > s.ping*5/2 {
		return nil, true
	}
	s.unanswered++
	s.inbox.budget.owed.Add(1)
	return []byte{final | opPing, 0}, false
}

// Expire ends a socket whose client has said something that ends it.
func (s *Socket) Expire() []byte { return s.closing }

// Leave asks the client to connect again.
func (s *Socket) Leave() []byte { return closeFrame(CloseRestart, "the proxy is restarting") }

// Listen reads the client's messages until it leaves, or the session has to end
// because of what it said. Expire has the Close frame then: the answer to the
// client's own, or a reason. The engine sends it, which alone knows that no data
// follow, and has Listen hear the client out.
func (s *Socket) Listen(c net.Conn) error {
	if s.closing != nil {
		return s.hearOut(c)
	}
	for {
		m, err := s.inbox.message()
		if err != nil {
			s.over = err
		} else if err = s.take(m); err == nil {
			continue
		}
		if isGone(err) {
			return err
		}
		s.closing = lastWord(err)
		return nil
	}
}

func (s *Socket) pong(frame []byte) error {
	_, err := s.wire.Write(frame)
	return err
}

// take hands a message on.
func (s *Socket) take(m Message) error {
	s.taking.Store(true)
	defer s.taking.Store(false)
	err := s.send(m)
	if refusal := (*CloseError)(nil); err != nil && !errors.As(err, &refusal) {
		err = &CloseError{Code: CloseBroken, Reason: err.Error()}
	}
	return err
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

// hearOut waits for the client's Close, unless that was it or the client broke
// the rules, after which nothing more is to be understood of it (RFC 6455 section
// 7.1.7). Then it closes first, as the server has to, and reads what is still on
// its way (section 7.1.1): a connection that is closed with unread bytes is reset,
// and what was written last is lost. The engine sets the limit.
func (s *Socket) hearOut(c net.Conn) error {
	for s.over == nil {
		_, s.over = s.inbox.message()
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c)
	}
	return s.over
}
