package sock

import "encoding/binary"

// Records follows the TLS records (RFC 8446 section 5.1) that are read from a
// connection, which package tls keeps to itself. It belongs to whoever reads; the zero
// value is at the beginning of one.
type Records struct {
	header [5]byte // of the record under way
	got    int     // bytes of the header
	left   int     // bytes of the record behind its header
}

// Follow is given what was read.
func (r *Records) Follow(p []byte) {
	for len(p) > 0 {
		if r.got == len(r.header) {
			n := min(r.left, len(p))
			p, r.left = p[n:], r.left-n
		} else {
			n := copy(r.header[r.got:], p)
			p, r.got = p[n:], r.got+n
			r.left = int(binary.BigEndian.Uint16(r.header[3:]))
		}
		if r.got == len(r.header) && r.left == 0 {
			r.got = 0
		}
	}
}

// Whole reports whether what was read ends with a record.
func (r *Records) Whole() bool { return r.got == 0 }
