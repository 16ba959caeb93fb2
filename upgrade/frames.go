package upgrade

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// errFormat: the update cannot be told in this format.
var errFormat = errors.New("not representable")

// picture is the encoding of a part whose head was sent ahead. The others are
// those of the transports.
const (
	picture   = Transport(Transports)
	encodings = Transports + 1
)

// frames are the encodings of one version, made once each, when the first
// client needs them.
type frames struct {
	once    [encodings]sync.Once
	encoded [encodings]frame

	fragments atomic.Pointer[fragments] // nil until there is a compressed stream
	deflated  deflatedMessage

	mu      sync.Mutex
	errands map[encoding]*errand              // nil until there is one
	answers [coding.Codings]map[string][]byte // long-poll answers by what they depend on
}

// frame is one encoding, with the framing of a chunk (RFC 9112 section 7.1)
// round it for clients of HTTP/1.1.
type frame struct {
	chunk []byte
	plain []byte // within chunk
	err   error
}

// newFrame wraps plain into a chunk.
func newFrame(plain []byte, err error) frame {
	if err != nil {
		return frame{err: err}
	}
	size := strconv.FormatInt(int64(len(plain)), 16) + "\r\n"
	chunk := make([]byte, 0, len(size)+len(plain)+2)
	chunk = append(append(append(chunk, size...), plain...), "\r\n"...)
	return frame{chunk: chunk, plain: chunk[len(size) : len(size)+len(plain)]}
}

// bytes is what goes on the wire.
func (f frame) bytes(chunked bool) []byte {
	if chunked {
		return f.chunk
	}
	return f.plain
}

// frame returns the update as an event of a stream or a message of a
// WebSocket.
func (u *Update) frame(t Transport) frame {
	u.frames.once[t].Do(func() {
		f := u.encode(t)
		u.frames.encoded[t] = f
		u.keep(max(len(f.chunk), len(f.plain)))
	})
	return u.frames.encoded[t]
}

// keep tells of an encoding that lasts as long as the version.
func (u *Update) keep(bytes int) {
	if u.Taken != nil && bytes > 0 {
		u.Taken(bytes)
	}
}

func (u *Update) encode(t Transport) frame {
	switch t {
	case SSE:
		return newFrame(u.appendEvent(nil))
	case NDJSON:
		return newFrame(u.appendLine(nil))
	case Multipart:
		return newFrame(u.appendPart(nil))
	case picture:
		return newFrame(u.appendPicture(nil))
	case WebSocket:
		return frame{plain: u.appendMessage(nil)}
	}
	return frame{err: errFormat}
}

// Representable reports whether the update can be told through a transport.
func (u *Update) Representable(t Transport) bool {
	return t == Poll || t == Longpoll || u.frame(t).err == nil
}

// maxAnswers bounds the variants of a long poll's answer that are kept for one
// version under one coding. There are few: waits and routes.
const maxAnswers = 4

// held returns the answer to a long poll for variant, which make makes; nil if there
// are too many.
func (u *Update) held(c coding.Coding, variant string, make func() []byte) []byte {
	f := u.frames
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, ok := f.answers[c][variant]; ok {
		return b
	}
	if f.answers[c] == nil {
		f.answers[c] = map[string][]byte{}
	}
	if len(f.answers[c]) == maxAnswers {
		return nil
	}
	b := make()
	f.answers[c][variant] = b
	u.keep(len(b))
	return b
}
