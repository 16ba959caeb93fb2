package upgrade

import "encoding/binary"

// The opcodes of frames, and the bits beside them (RFC 6455 section 5.2).
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	final  = 0x80 // of the first byte
	masked = 0x80 // of the second
)

// appendMessage writes a snapshot as one unmasked WebSocket frame (RFC 6455
// section 5.2): text for text and JSON, binary for everything else.
func (u *Update) appendMessage(b []byte) []byte {
	op := byte(opBinary)
	if u.IsText() {
		op = opText
	}
	return append(appendFrameHead(b, final|op, len(u.Body)), u.Body...)
}

func appendFrameHead(b []byte, first byte, size int) []byte {
	switch {
	case size < 126:
		return append(b, first, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(size))
}
