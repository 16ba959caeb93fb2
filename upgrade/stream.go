package upgrade

import (
	"errors"
	"time"

	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// maxChatter is how many bytes a streaming client may send: a pipelined request
// or two, that will never be answered.
const maxChatter = 64 << 10

const (
	// retryUsual is how long a browser waits before it connects again, retryFull
	// when the proxy is full or stopping. Both are jittered upwards.
	retryUsual = 2 * time.Second
	retryFull  = 10 * time.Second
)

// Stream is a subscriber over SSE, NDJSON or multipart. It is a
// fanout.Session. Its fields lie so that it is small.
type Stream struct {
	source    Source
	flow      *flow  // nil if it goes as it is
	doubted   uint64 // version that is kept back while the source is stale
	delivered func(*Update)
	kind      Transport
	chunked   bool
	alias     bool
	picture   bool

	// The engine's goroutine has these.
	untold  bool // the version that it has could not be told
	over    bool
	ahead   bool    // multipart: the head of the next part was sent, with the type of the last
	beats   uint8   // multipart: sent since the last part
	chatter int32   // bytes that the client has sent
	pending []byte  // goes out before anything else
	have    uint64  // version that it has
	reason  string  // why it was told that what it has is stale
	sending *Update // on its way
	awaited awaited
	last    *Update // multipart: the last part
}

// StreamOptions are what a stream's client asked for.
type StreamOptions struct {
	Kind Transport

	// Alias answers with the other name of the media type.
	Alias bool

	// Doubt keeps the snapshot back until the source is live: what it has now
	// is too old for anybody.
	Doubt bool

	// HTTP10 clients know no chunks: their stream ends with the connection.
	HTTP10 bool

	// Picture is set for a multipart client that is an <img>: it is to see
	// each picture at once, rather than read the parts' lengths.
	Picture bool

	// Coding is that of an SSE or NDJSON stream, which Press compresses.
	Coding coding.Coding
	Press  *coding.Press

	// Resume is the ID of the version that the client has; nil if none.
	Resume []byte

	// Fields of the head, besides the stream's own: Vary, Via, CORS.
	Fields []Field

	// Delivered is told of each update that was written to the client. It must
	// not block.
	Delivered func(*Update)
}

// NewStream returns a subscriber whose response has not begun.
func NewStream(source Source, o StreamOptions) *Stream {
	s := &Stream{kind: o.Kind, source: source, alias: o.Alias, chunked: !o.HTTP10, picture: o.Picture, delivered: o.Delivered}
	s.flow = newFlow(o.Kind, o.Coding, o.Press)
	s.pending = s.appendHead(nil, o.Fields)
	s.pending = s.appendRaw(s.pending, s.flow.begin())
	switch u := source.Latest().Update; {
	case u == nil:
	case len(o.Resume) > 0 && string(o.Resume) == u.ID:
		s.have = u.Version
	case o.Doubt:
		s.doubted = u.Version
	}
	s.pending = s.append(s.pending, s.opening())
	return s
}

// append compresses and frames plain for the client.
func (s *Stream) append(b, plain []byte) []byte { return s.appendRaw(b, s.flow.stored(plain)) }

// appendRaw frames what is compressed, if it has to be.
func (s *Stream) appendRaw(b, raw []byte) []byte {
	if len(raw) == 0 {
		return b
	}
	if !s.chunked {
		return append(b, raw...)
	}
	return append(b, newFrame(raw, nil).chunk...)
}

// Next returns what the client has not seen of the source.
func (s *Stream) Next() (frame []byte, changed <-chan struct{}, last bool) {
	if len(s.pending) > 0 {
		frame, s.pending = s.pending, nil
		return frame, nil, false
	}
	state := s.source.Latest()
	if u := state.unseen(s.have); u != nil && u.HasSnapshot() && !s.doubts(state) {
		u, made := s.awaited.next(u, s.aside)
		if made != nil {
			return nil, made, false
		}
		if frame, over := s.snapshot(u); over || len(frame) > 0 {
			return frame, nil, over
		}
	}
	s.awaited.update = nil
	if state.Ended != nil {
		return s.farewell(state.Ended), nil, true
	}
	return s.status(state), state.Changed, false
}

// doubts reports whether what the source has is kept back.
func (s *Stream) doubts(state *State) bool {
	return state.Update.Version == s.doubted && state.Stale != ""
}

// snapshot is an update's frame. An SSE stream outlives what it cannot tell, and
// has its status say so; a client of the others would never know: their stream
// cannot go on, and must not look complete.
func (s *Stream) snapshot(u *Update) (frame []byte, over bool) {
	f := s.frame(u)
	if s.kind == Multipart && f.err == nil {
		return s.part(u), false
	}
	if s.have, s.untold = u.Version, f.err != nil; s.untold {
		s.over = s.kind != SSE
		return nil, s.over
	}
	s.sending = u
	return f.bytes(s.chunked), false
}

// status tells an SSE client that what it has turned stale or live.
func (s *Stream) status(state *State) []byte {
	reason := state.Reason()
	if reason == "" && s.untold {
		reason = "the snapshot is not UTF-8 text: ask for multipart or a WebSocket"
	}
	if s.kind != SSE || reason == s.reason {
		return nil
	}
	s.reason = reason
	return s.append(nil, statusEvent(reason))
}

// Sent accounts for a delivered update.
func (s *Stream) Sent() {
	if s.sending != nil {
		s.delivered(s.sending)
		s.sending = nil
	}
}

// Beat keeps intermediaries from closing a silent stream.
func (s *Stream) Beat() (frame []byte, last bool) {
	switch s.kind {
	case SSE:
		return s.append(nil, []byte(eventComment)), false
	case NDJSON:
		return s.append(nil, []byte("\n")), false
	}
	return s.partBeat(), false
}

// Expire ends a stream that has a time limit, which none has.
func (s *Stream) Expire() []byte { return s.goodbye() }

// Leave asks the client to come back later, and not all at once.
func (s *Stream) Leave() []byte {
	if s.kind != SSE {
		return s.goodbye()
	}
	return append(s.append(nil, retryField(jitterUp(retryFull))), s.goodbye()...)
}

// farewell ends the response because its source has ended. Many may hear of other
// rules at once, and are not to come back all at once.
func (s *Stream) farewell(why error) []byte {
	if s.kind != SSE || !errors.Is(why, ErrReloaded) {
		return s.goodbye()
	}
	return append(s.append(nil, retryField(jitterUp(retryUsual))), s.goodbye()...)
}

// goodbye ends the response well.
func (s *Stream) goodbye() []byte {
	end := s.appendRaw(nil, s.flow.end())
	if s.chunked {
		return append(end, "0\r\n\r\n"...)
	}
	return end
}

// Heard bounds what the client says: a request or two that it has sent behind
// this one are never answered.
func (s *Stream) Heard(p []byte) (fanout.Verdict, func()) {
	if s.chatter += int32(len(p)); s.chatter >= maxChatter {
		return fanout.Tiresome, nil
	}
	return fanout.Listening, nil
}

// Complete reports whether a session that is done told its client everything.
// If not, the connection must be reset rather than closed.
func (s *Stream) Complete() bool { return !s.over }
