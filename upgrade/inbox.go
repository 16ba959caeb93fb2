package upgrade

import "slices"

// inbox takes apart what the client of a WebSocket sends (RFC 6455 section 5), as
// it comes: nobody has to wait for the rest of a frame. It takes no extension but
// compression where that was agreed to (RFC 7692), and no frame that the RFC
// forbids: lengths that could be said shorter and a Close of one byte are refused,
// which libraries let pass.
type inbox struct {
	most   int64  // bytes of a message; 0 is no limit
	silent bool   // there is nobody to take one
	budget budget // for what is no message
	pong   func(payload []byte)

	head headReader

	// Of the frame whose head was read.
	frame   frameHead
	open    bool  // the frame has not ended
	done    int64 // bytes of its payload that came
	control []byte

	// Of the message that has begun.
	begun   bool
	message Message
	checked int // bytes of text that are whole characters
}

// maxControl is the longest payload of a control frame.
const maxControl = 125

func violation(reason string) error { return &CloseError{Code: CloseProtocol, Reason: reason} }

var (
	errTooBig   = &CloseError{Code: CloseTooBig, Reason: "the message is too big"}
	errUnwanted = &CloseError{Code: CloseUnsupported, Reason: "messages are not accepted here"}
	errNotUTF8  = &CloseError{Code: CloseInvalid, Reason: "a text message that is not UTF-8"}

	errNotDeflated = &CloseError{Code: CloseInvalid, Reason: "a message that is not deflated, although it says so"}
)

// take takes bytes in up to the end of a message, whatever control frames come
// before and within, and returns what is behind it. Without a message it has taken
// all. A *CloseError is what the client did wrong: nothing can be read after it. A
// *clientClose is its goodbye.
func (i *inbox) take(p []byte) (m *Message, rest []byte, err error) {
	for {
		if !i.open {
			n, whole, err := i.head.take(p, &i.frame)
			if err != nil || !whole {
				return nil, nil, err
			}
			if err := i.begin(); err != nil {
				return nil, nil, err
			}
			p = p[n:]
		}
		n := int(min(int64(len(p)), i.frame.size-i.done))
		if err := i.payload(p[:n]); err != nil {
			return nil, nil, err
		}
		if p = p[n:]; i.done < i.frame.size {
			return nil, nil, nil
		}
		i.open = false
		if m, err := i.end(); m != nil || err != nil {
			return m, p, err
		}
	}
}

// begin is the begin of a frame's payload. What is too big is refused before it
// comes.
func (i *inbox) begin() error {
	if err := i.budget.charge(i.frame); err != nil {
		return err
	}
	i.open, i.done = true, 0
	if i.frame.isControl() {
		i.control = i.control[:0]
		return nil
	}
	switch goesOn := i.frame.op == opContinuation; {
	case i.begun && !goesOn:
		return violation("a message within another")
	case !i.begun && goesOn:
		return violation("a fragment of no message")
	case i.silent:
		return errUnwanted
	case !i.begun:
		i.begun, i.checked, i.message = true, 0, Message{Text: i.frame.op == opText, deflated: i.frame.deflated}
	}
	most := i.most
	if i.message.deflated {
		most += deflateExtra(most)
	}
	if i.most > 0 && int64(len(i.message.Data)) > most-i.frame.size {
		return errTooBig
	}
	return nil
}

// payload adds what a frame carries to the message, for which room is made as it
// comes, not as the frame's head announces. What is not UTF-8 is refused as soon as
// that is certain: a message may take its time.
func (i *inbox) payload(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	into := &i.message.Data
	if i.frame.isControl() {
		into = &i.control
	}
	begin := len(*into)
	*into = append(*into, p...)
	unmask((*into)[begin:], i.frame.mask, i.done)
	i.done += int64(len(p))
	if !i.frame.isControl() && i.message.Text && !i.message.deflated {
		var ok bool
		if i.checked, ok = wholeText(i.message.Data, i.checked); !ok {
			return errNotUTF8
		}
	}
	return nil
}

// end is the end of a frame, and maybe of a message.
func (i *inbox) end() (*Message, error) {
	if i.frame.isControl() {
		defer func() { i.control = nil }() // most clients say nothing for hours
		return nil, i.obey()
	}
	if !i.frame.final {
		return nil, nil
	}
	m := i.message
	i.begun, i.message = false, Message{}
	if m.Text && !m.deflated && i.checked < len(m.Data) {
		return nil, errNotUTF8
	}
	return &m, nil
}

// obey deals with a control frame (RFC 6455 section 5.5).
func (i *inbox) obey() error {
	switch i.frame.op {
	case opPing:
		i.pong(i.control)
	case opClose:
		return closedBy(slices.Clone(i.control))
	}
	return nil
}
