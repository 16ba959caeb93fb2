package upgrade

import "encoding/binary"

// frameHead is the head of a client's frame.
type frameHead struct {
	op    byte
	final bool

	// deflated is RSV1, which only the first frame of a message may have, once
	// that is agreed upon (RFC 7692 section 6).
	deflated bool

	size int64
	mask [4]byte
}

// isControl reports whether a frame stands outside of messages, and may come
// between the fragments of one.
func (h *frameHead) isControl() bool { return h.op >= opClose }

// maxFrameHead is the longest head of a client's frame.
const maxFrameHead = 14

// headReader reads the head of a frame (RFC 6455 section 5.2), which may come in
// pieces. What is wrong is refused at the first byte that shows it.
type headReader struct {
	bytes    [maxFrameHead]byte
	n        int
	deflates bool // messages may be deflated
}

// take takes what belongs to the head, and reports whether it is whole.
func (r *headReader) take(p []byte, h *frameHead) (n int, whole bool, err error) {
	for ; n < len(p); n++ {
		r.bytes[r.n] = p[n]
		r.n++
		if whole, err := r.look(h); whole || err != nil {
			r.n = 0
			return n + 1, whole, err
		}
	}
	return n, false, nil
}

// look reads what the newest byte has completed.
func (r *headReader) look(h *frameHead) (whole bool, err error) {
	if r.n < 2 {
		return false, nil
	}
	short := r.bytes[1] & 0x7f
	if r.n == 2 {
		if err := r.first(h, short); err != nil {
			return false, err
		}
	}
	switch r.n {
	case 2 + extension(short):
		h.size, err = r.size(short)
	case 2 + extension(short) + len(h.mask):
		copy(h.mask[:], r.bytes[r.n-len(h.mask):])
		whole = true
	}
	return whole, err
}

// extension is how many bytes the rest of a length has.
func extension(short byte) int {
	switch short {
	case 126:
		return 2
	case 127:
		return 8
	}
	return 0
}

func (r *headReader) first(h *frameHead, short byte) error {
	first, second := r.bytes[0], r.bytes[1]
	h.op, h.final, h.deflated = first&0x0f, first&final != 0, first&deflated != 0
	mayDeflate := r.deflates && (h.op == opText || h.op == opBinary)
	switch {
	case first&(rsv2|rsv3) != 0, h.deflated && !mayDeflate:
		return violation("a reserved bit is set")
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		return violation("an unknown opcode")
	case second&masked == 0:
		return violation("a frame that is not masked")
	case h.isControl() && (short > maxControl || !h.final):
		return violation("a control frame that is long or fragmented")
	}
	return nil
}

// size reads a length, of which there is one right way to say it.
func (r *headReader) size(short byte) (int64, error) {
	size, least := uint64(short), uint64(0)
	switch short {
	case 126:
		size, least = uint64(binary.BigEndian.Uint16(r.bytes[2:])), 126
	case 127:
		size, least = binary.BigEndian.Uint64(r.bytes[2:]), 1<<16
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
