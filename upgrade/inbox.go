package upgrade

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// inbox reads what the client of a WebSocket sends (RFC 6455 section 5), frame by
// frame. It takes no extension and no frame that the RFC forbids: lengths that
// could be said shorter and a Close of one byte are refused, which libraries let
// pass.
type inbox struct {
	from   *bufio.Reader
	most   int64  // bytes of a message; 0 is no limit
	silent bool   // there is nobody to take one
	budget budget // for what is no message
	pong   func(frame []byte) error

	scratch [maxControl]byte
}

// maxControl is the longest payload of a control frame.
const maxControl = 125

// piece is how much of a message is read at once: room is made for what is
// there, not for what a frame's head announces.
const piece = 4 << 10

// frameHead is the head of a client's frame.
type frameHead struct {
	op    byte
	final bool
	size  int64
	mask  [4]byte
}

// isControl reports whether a frame stands outside of messages, and may come
// between the fragments of one.
func (h *frameHead) isControl() bool { return h.op >= opClose }

// clientClose is the client's Close, with what is to be said back.
type clientClose struct{ echo []byte }

func (c *clientClose) Error() string { return "the client closes" }

func violation(reason string) error { return &CloseError{Code: CloseProtocol, Reason: reason} }

// message reads the next message, whatever control frames come before and
// within. A *CloseError is what the client did wrong: nothing can be read after
// it. A *clientClose is its goodbye.
func (i *inbox) message() (m Message, err error) {
	var checked int // bytes of text that are whole characters
	for begun := false; ; {
		h, err := i.head()
		if err != nil {
			return m, err
		}
		if h.isControl() {
			if err := i.control(h); err != nil {
				return m, err
			}
			continue
		}
		switch {
		case begun && h.op != opContinuation:
			return m, violation("a message within another")
		case !begun && h.op == opContinuation:
			return m, violation("a fragment of no message")
		case i.silent:
			return m, errUnwanted
		case !begun:
			begun, m.Text = true, h.op == opText
		}
		if err := i.payload(h, &m, &checked); err != nil || h.final {
			if err == nil && m.Text && checked < len(m.Data) {
				err = errNotUTF8
			}
			return m, err
		}
	}
}

var (
	errTooBig   = &CloseError{Code: CloseTooBig, Reason: "the message is too big"}
	errUnwanted = &CloseError{Code: CloseUnsupported, Reason: "messages are not accepted here"}
	errNotUTF8  = &CloseError{Code: CloseInvalid, Reason: "a text message that is not UTF-8"}
)

// head reads the head of a frame (RFC 6455 section 5.2).
func (i *inbox) head() (h frameHead, err error) {
	b := i.scratch[:2]
	if _, err := io.ReadFull(i.from, b); err != nil {
		return h, err
	}
	first, second := b[0], b[1]
	h.op, h.final = first&0x0f, first&final != 0
	short := second & 0x7f
	switch {
	case first&0x70 != 0:
		return h, violation("a reserved bit is set")
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		return h, violation("an unknown opcode")
	case second&masked == 0:
		return h, violation("a frame that is not masked")
	case h.isControl() && (short > maxControl || !h.final):
		return h, violation("a control frame that is long or fragmented")
	}
	if h.size, err = i.size(short); err != nil {
		return h, err
	}
	if _, err := io.ReadFull(i.from, h.mask[:]); err != nil {
		return h, err
	}
	return h, i.budget.charge(h)
}

// size reads the rest of a length, of which there is one right way to say it.
func (i *inbox) size(short byte) (int64, error) {
	if short < 126 {
		return int64(short), nil
	}
	b, least := i.scratch[:2], uint64(126)
	if short == 127 {
		b, least = i.scratch[:8], 1<<16
	}
	if _, err := io.ReadFull(i.from, b); err != nil {
		return 0, err
	}
	var size uint64
	if len(b) == 2 {
		size = uint64(binary.BigEndian.Uint16(b))
	} else {
		size = binary.BigEndian.Uint64(b)
	}
	switch {
	case size < least:
		return 0, violation("a length that is not minimal")
	case size >= 1<<63:
		return 0, violation("a length of 64 bits")
	}
	return int64(size), nil
}

// payload adds a frame's to the message. What is too big is refused before it is
// read, and what is not UTF-8 as soon as that is certain: a message may take its
// time.
func (i *inbox) payload(h frameHead, m *Message, checked *int) error {
	if i.most > 0 && int64(len(m.Data)) > i.most-h.size {
		return errTooBig
	}
	for done := int64(0); done < h.size; {
		size, begin := int(min(h.size-done, piece)), len(m.Data)
		m.Data = slices.Grow(m.Data, size)
		n, err := i.from.Read(m.Data[begin : begin+size])
		m.Data = m.Data[:begin+n]
		unmask(m.Data[begin:], h.mask, done)
		if done += int64(n); m.Text {
			var ok bool
			if *checked, ok = wholeText(m.Data, *checked); !ok {
				return errNotUTF8
			}
		}
		if err != nil && done < h.size {
			return err
		}
	}
	return nil
}

// control deals with a control frame (RFC 6455 section 5.5).
func (i *inbox) control(h frameHead) error {
	payload := i.scratch[:h.size]
	if _, err := io.ReadFull(i.from, payload); err != nil {
		return err
	}
	unmask(payload, h.mask, 0)
	switch h.op {
	case opPing:
		return i.pong(append(appendFrameHead(nil, final|opPong, len(payload)), payload...))
	case opClose:
		return closedBy(payload)
	}
	return nil
}

// closedBy reads the payload of a Close (RFC 6455 section 5.5.1).
func closedBy(payload []byte) error {
	if len(payload) == 0 {
		return &clientClose{}
	}
	if len(payload) == 1 || !isSaidCode(int(binary.BigEndian.Uint16(payload))) {
		return violation("a Close with no valid code")
	}
	if !utf8.Valid(payload[2:]) {
		return &CloseError{Code: CloseInvalid, Reason: "a Close whose reason is not UTF-8"}
	}
	return &clientClose{echo: slices.Clone(payload[:2])}
}

// unmask undoes a frame's masking (RFC 6455 section 5.3) of bytes that begin at
// an offset of its payload.
func unmask(b []byte, mask [4]byte, offset int64) {
	for k := range b {
		b[k] ^= mask[(offset+int64(k))&3]
	}
}

// wholeText reports how many bytes of b are whole characters in UTF-8, of which
// so many are known to be, and whether the rest may become one.
func wholeText(b []byte, known int) (whole int, ok bool) {
	whole = len(b)
	for back := 1; back < utf8.UTFMax && back <= len(b)-known; back++ {
		if at := len(b) - back; utf8.RuneStart(b[at]) {
			if !utf8.FullRune(b[at:]) {
				whole = at
			}
			break
		}
	}
	return whole, utf8.Valid(b[known:whole])
}

// isGone reports whether an error of the inbox says that the client is there no
// more, rather than what it said.
func isGone(err error) bool {
	var wrong *CloseError
	var closed *clientClose
	return !errors.As(err, &wrong) && !errors.As(err, &closed)
}
