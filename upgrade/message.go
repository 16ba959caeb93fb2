package upgrade

import (
	"encoding/binary"
	"errors"
	"sync"
	"unicode/utf8"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// The opcodes of frames, and the bits beside them (RFC 6455 section 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	final    = 0x80 // of the first byte
	deflated = 0x40 // RSV1
	rsv2     = 0x20
	rsv3     = 0x10
	masked   = 0x80 // of the second
)

// appendMessage writes a snapshot as one unmasked WebSocket frame (RFC 6455
// section 5.2): text for text and JSON, binary for everything else.
func (u *Update) appendMessage(b []byte) []byte {
	return append(appendFrameHead(b, final|u.opcode(), len(u.Body)), u.Body...)
}

func (u *Update) opcode() byte {
	if u.IsText() {
		return opText
	}
	return opBinary
}

// deflatedMessage is a frame with a snapshot that is compressed (RFC 7692 section
// 7.2.1), made when the first client needs it.
type deflatedMessage struct {
	once sync.Once
	made []byte // nil: it is not worth it
}

// message returns the update as a message of a WebSocket, compressed if it is worth
// it and press is not nil. Each message may be, or not (RFC 7692 section 6).
func (u *Update) message(press *coding.Press) []byte {
	if press == nil || len(u.Body) < minDeflated || len(u.Body) > maxCoded || !isCompressible(u.mediaType()) {
		return u.frame(WebSocket).plain
	}
	d := &u.frames.deflated
	d.once.Do(func() {
		if packed := press.Message(u.Body); len(packed) < len(u.Body) {
			d.made = append(appendFrameHead(nil, final|deflated|u.opcode(), len(packed)), packed...)
			u.keep(len(d.made))
		}
	})
	if d.made == nil {
		return u.frame(WebSocket).plain
	}
	return d.made
}

// minDeflated is how large a message has to be to be worth compressing. It has no
// head that could eat up what is won.
const minDeflated = 64

// inflate undoes what the client has done to a message, which may become so large.
func (m *Message) inflate(press *coding.Press, most int64) error {
	if !m.deflated {
		return nil
	}
	var err error
	switch m.Data, err = press.Inflate(m.Data, most); {
	case errors.Is(err, coding.ErrTooBig):
		return errTooBig
	case err != nil:
		return errNotDeflated
	case m.Text && !utf8.Valid(m.Data):
		return errNotUTF8
	}
	return nil
}

// deflateExtra is how much longer a message of a limit's size may be when it comes:
// what cannot be compressed gets longer by trying, the more the smaller the client's
// window is. This is zlib's own bound (deflateBound) for any window.
func deflateExtra(most int64) int64 { return most>>3 + most>>6 + 64 }

func appendFrameHead(b []byte, first byte, size int) []byte {
	switch {
	case size < 126:
		return append(b, first, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(size))
}
