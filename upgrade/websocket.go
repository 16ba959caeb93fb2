package upgrade

import (
	"bufio"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/fasthttp/websocket"
)

// Close codes (RFC 6455 section 7.4.1 and the IANA registry).
const (
	CloseGoingAway   = websocket.CloseGoingAway               // 1001
	CloseUnsupported = websocket.CloseUnsupportedData         // 1003
	CloseInvalid     = websocket.CloseInvalidFramePayloadData // 1007
	ClosePolicy      = websocket.ClosePolicyViolation         // 1008
	CloseBroken      = websocket.CloseInternalServerErr       // 1011
	CloseRestart     = websocket.CloseServiceRestart          // 1012
	CloseFull        = websocket.CloseTryAgainLater           // 1013
)

// CloseLinger is how long a peer that was sent a Close may take to send its
// own.
const CloseLinger = 5 * time.Second

// silentPings is how many pings' time a peer may be silent.
const silentPings = 2.5

// CloseError ends a WebSocket with a code and a reason, which is cut to what a
// Close frame can hold.
type CloseError struct {
	Code   int
	Reason string
}

// Error returns the reason.
func (e *CloseError) Error() string { return e.Reason }

// Message is what a client sent.
type Message struct {
	Text bool
	Data []byte
}

// Socket is a subscriber over a WebSocket. It is a fanout.Session; its
// fanout.Terms are those of [SocketTerms].
type Socket struct {
	source    Source
	ws        *websocket.Conn
	ping      time.Duration
	send      func(Message) error
	delivered func(*Update)

	heard atomic.Int64 // when anything came last, Unix nanoseconds

	// The engine's goroutine has these.
	have    uint64
	sending *Update
}

// SocketOptions are the policy for a WebSocket.
type SocketOptions struct {
	Ping       time.Duration
	MaxMessage int64

	// Send is given each message of the client, in order, and may block the
	// next. A *CloseError, or any other error with 1011, closes the socket.
	// Nil: a message closes it with 1003.
	Send func(Message) error

	// Delivered is told of each update that was written to the client. It must
	// not block.
	Delivered func(*Update)
}

// ValidHandshake checks what RFC 6455 section 4.2.1 asks of a client beyond
// "Upgrade: websocket". It returns the status and text of the refusal; 0 if
// there is none.
func ValidHandshake(keys, versions [][]byte, hasBody, closing bool) (status int, text string) {
	switch {
	case hasBody:
		return http.StatusBadRequest, "a WebSocket handshake with a body"
	case closing:
		return http.StatusBadRequest, "a WebSocket handshake with Connection: close"
	case len(versions) != 1 || string(versions[0]) != "13":
		return http.StatusUpgradeRequired, "only version 13 of the WebSocket protocol is spoken here"
	case len(keys) != 1 || !isKey(keys[0]):
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64, once"
	}
	return 0, ""
}

func isKey(key []byte) bool {
	var nonce [18]byte
	n, err := base64.StdEncoding.Strict().Decode(nonce[:], key[:min(len(key), 24)])
	return len(key) == 24 && err == nil && n == 16
}

// NewSocket answers a valid handshake on a connection that belongs to the
// caller, and returns the subscriber.
func NewSocket(c net.Conn, key string, fields []Field, source Source, o SocketOptions) (*Socket, error) {
	ws, err := accept(c, key, fields)
	if err != nil {
		return nil, err
	}
	s := &Socket{source: source, ws: ws, ping: o.Ping, send: o.Send, delivered: o.Delivered}
	ws.SetReadLimit(o.MaxMessage)
	s.note()
	ws.SetPongHandler(func(string) error { s.note(); return nil })
	answer := ws.PingHandler()
	ws.SetPingHandler(func(data string) error { s.note(); return answer(data) })
	return s, nil
}

// accept lets the library answer. It knows net/http's way to take over a
// connection, so that is what it is shown.
func accept(c net.Conn, key string, fields []Field) (*websocket.Conn, error) {
	request := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {key},
	}}
	header := http.Header{}
	for _, f := range fields {
		header.Add(f.Name, f.Value)
	}
	upgrader := websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 256, // it writes control frames only
		CheckOrigin: func(*http.Request) bool { return true }, // the proxy has checked
	}
	return upgrader.Upgrade(hijacked{conn: c}, request, header)
}

// hijacked is a net/http response whose connection can be taken over.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker. What was read ahead is within the
// connection.
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(h.conn, 16)), nil
}

func (s *Socket) note() { s.heard.Store(time.Now().UnixNano()) }

// Next returns the newest update as a message.
func (s *Socket) Next() (frame []byte, changed <-chan struct{}, last bool) {
	state := s.source.Latest()
	if state.Ended != nil {
		return closeFrame(endCode(state.Ended)), nil, true
	}
	if u := state.Update; u != nil && u.Version != s.have && u.HasSnapshot() {
		s.have, s.sending = u.Version, u
		return u.frame(WebSocket).plain, nil, false
	}
	return nil, state.Changed, false
}

func endCode(err error) (code int, reason string) {
	switch {
	case errors.Is(err, ErrRevoked):
		return ClosePolicy, err.Error()
	case errors.Is(err, ErrMoved):
		return CloseRestart, err.Error()
	}
	return CloseGoingAway, err.Error()
}

// Sent accounts for a delivered update.
func (s *Socket) Sent() {
	if s.sending != nil {
		s.delivered(s.sending)
		s.sending = nil
	}
}

// Beat pings, and gives up on a peer that has been silent for 2.5 pings.
func (s *Socket) Beat() (frame []byte, last bool) {
	silence := time.Since(time.Unix(0, s.heard.Load()))
	if silence > time.Duration(silentPings*float64(s.ping)) {
		return nil, true
	}
	return []byte{final | websocket.PingMessage, 0}, false
}

// Expire ends a socket whose client sent something that may not be.
func (s *Socket) Expire() []byte { return closeFrame(ClosePolicy, "") }

// Leave asks the client to connect again.
func (s *Socket) Leave() []byte { return closeFrame(CloseRestart, "the proxy is restarting") }

// closeFrame is a Close frame (RFC 6455 section 5.5.1).
func closeFrame(code int, reason string) []byte {
	payload := websocket.FormatCloseMessage(code, cutReason(reason))
	return append(appendFrameHead(nil, final|websocket.CloseMessage, len(payload)), payload...)
}

// cutReason cuts to what fits beside the code, at a character.
func cutReason(reason string) string {
	const most = 123
	for len(reason) > most || !utf8.ValidString(reason) {
		reason = reason[:min(len(reason)-1, most)]
	}
	return reason
}

// Listen reads the client's messages until it leaves, or has to.
func (s *Socket) Listen(net.Conn) error {
	for {
		kind, data, err := s.ws.ReadMessage()
		if err != nil {
			return err
		}
		s.note()
		if err := s.take(Message{Text: kind == websocket.TextMessage, Data: data}); err != nil {
			return s.hangUp(err)
		}
		s.note()
	}
}

// take hands a message on, if there is somebody to take it.
func (s *Socket) take(m Message) error {
	switch {
	case m.Text && !utf8.Valid(m.Data):
		return &CloseError{Code: CloseInvalid, Reason: "a text message that is not UTF-8"}
	case s.send == nil:
		return &CloseError{Code: CloseUnsupported, Reason: "messages are not accepted here"}
	}
	return s.send(m)
}

// hangUp sends a Close, and waits for the client's own.
func (s *Socket) hangUp(err error) error {
	closing := &CloseError{Code: CloseBroken, Reason: err.Error()}
	_ = errors.As(err, &closing)
	payload := websocket.FormatCloseMessage(closing.Code, cutReason(closing.Reason))
	_ = s.ws.WriteControl(websocket.CloseMessage, payload, time.Now().Add(CloseLinger))
	_ = s.ws.SetReadDeadline(time.Now().Add(CloseLinger))
	for {
		if _, _, readErr := s.ws.ReadMessage(); readErr != nil {
			return err
		}
	}
}
