package upgrade

import (
	"bufio"
	"errors"
	"io"
	"slices"
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

// payload adds what a frame carries to the message. What is too big is refused
// before it is read, and what is not UTF-8 as soon as that is certain: a message
// may take its time.
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

// isGone reports whether an error of the inbox says that the client is there no
// more, rather than what it said.
func isGone(err error) bool {
	var wrong *CloseError
	var closed *clientClose
	return !errors.As(err, &wrong) && !errors.As(err, &closed)
}
