package upgrade

import (
	"encoding/binary"
	"io"
)

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

// unmask undoes a frame's masking (RFC 6455 section 5.3) of bytes that begin at
// an offset of its payload.
func unmask(b []byte, mask [4]byte, offset int64) {
	for k := range b {
		b[k] ^= mask[(offset+int64(k))&3]
	}
}
