package upgrade

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/fasthttp/websocket"
)

// Message is what a client sent.
type Message struct {
	Text bool
	Data []byte
}

// Socket is a subscriber over a WebSocket. It is a fanout.Session.
type Socket struct {
	source    Source
	ws        *websocket.Conn
	wire      *wire
	ping      time.Duration
	most      int64
	send      func(Message) error
	delivered func(*Update)

	taking atomic.Bool // a message is being handed on: nothing is read

	// Listen has this, and Expire once Listen has returned.
	closing []byte // the Close frame that ends the session

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
	w := &wire{Conn: c, opened: time.Now(), silent: o.Send == nil}
	ws, err := accept(w, key, fields)
	if err != nil {
		return nil, err
	}
	return &Socket{source: source, ws: ws, wire: w, ping: o.Ping, most: o.MaxMessage, send: o.Send, delivered: o.Delivered}, nil
}

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
	if silence := time.Since(s.wire.opened) - heard; s.unanswered >= 2 && silence > s.ping*5/2 {
		return nil, true
	}
	s.unanswered++
	return []byte{final | websocket.PingMessage, 0}, false
}

// Expire ends a socket whose client has said something that ends it.
func (s *Socket) Expire() []byte { return s.closing }

// Leave asks the client to connect again.
func (s *Socket) Leave() []byte { return closeFrame(CloseRestart, "the proxy is restarting") }

// Listen reads the client's messages until it leaves, or the session has to end
// because of what it said. Expire has the Close frame then: the answer to the
// client's own, or a reason. The engine sends it, which alone knows that no data
// follow, and has Listen wait for the client's.
func (s *Socket) Listen(net.Conn) error {
	if s.closing != nil {
		return s.hearOut()
	}
	for {
		m, err := s.read()
		if err == nil {
			err = s.take(m)
		}
		if err != nil {
			if s.closing = s.lastWord(err); s.closing != nil {
				return nil
			}
			return err
		}
	}
}

// read reads a message. With the library's own limit, the count of frames would
// be lost, and with it the client's Close.
func (s *Socket) read() (m Message, err error) {
	kind, r, err := s.ws.NextReader()
	if err != nil {
		return m, err
	}
	if s.most > 0 {
		r = io.LimitReader(r, s.most+1)
	}
	m.Text = kind == websocket.TextMessage
	m.Data, err = io.ReadAll(r)
	if err == nil && s.most > 0 && int64(len(m.Data)) > s.most {
		err = errTooBig
	}
	return m, err
}

var errTooBig = &CloseError{Code: CloseTooBig, Reason: "the message is too big"}

// take hands a message on, if there is somebody to take it.
func (s *Socket) take(m Message) error {
	switch {
	case m.Text && !utf8.Valid(m.Data):
		return &CloseError{Code: CloseInvalid, Reason: "a text message that is not UTF-8"}
	case s.send == nil:
		return &CloseError{Code: CloseUnsupported, Reason: "messages are not accepted here"}
	}
	s.taking.Store(true)
	defer s.taking.Store(false)
	err := s.send(m)
	if refusal := (*CloseError)(nil); err != nil && !errors.As(err, &refusal) {
		err = &CloseError{Code: CloseBroken, Reason: err.Error()}
	}
	return err
}

// lastWord is the Close frame that an error calls for; nil if the client is
// gone.
func (s *Socket) lastWord(err error) []byte {
	var refusal *CloseError
	switch {
	case s.wire.unsent != nil:
		return s.wire.unsent
	case errors.As(err, &refusal):
		return closeFrame(refusal.Code, refusal.Reason)
	case errors.Is(err, websocket.ErrReadLimit): // a length of more than 63 bits
		return closeFrame(errTooBig.Code, errTooBig.Reason)
	case errors.Is(err, errTalkative):
		return closeFrame(ClosePolicy, err.Error())
	}
	return nil
}

// hearOut waits for the client's Close, or for the end of all that it sends if
// frames cannot be told apart any more: a connection that is closed with unread
// bytes is reset, and what was written last is lost. The engine sets the limit.
func (s *Socket) hearOut() error {
	for {
		_, _, err := s.ws.NextReader()
		if err == nil {
			continue
		}
		if closed := (*websocket.CloseError)(nil); !errors.As(err, &closed) {
			_, _ = io.Copy(io.Discard, s.wire)
		}
		return err
	}
}
