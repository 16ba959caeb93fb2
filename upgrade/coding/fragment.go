package coding

import (
	"encoding/binary"
	"hash/crc32"
)

// Fragment is a piece of a compressed stream that can stand behind any other.
type Fragment struct {
	Bytes []byte

	// What the checksum at the end of a gzip stream takes of it (RFC 1952).
	sum   uint32 // CRC-32 of the plain bytes
	shift uint32 // moves another checksum in front of them
	size  uint32
}

// Streams reports whether a coding can be that of a stream.
func (c Coding) Streams() bool { return c == Gzip || c == Zstd }

// Fragment compresses a piece of a stream.
func (p *Press) Fragment(c Coding, plain []byte) Fragment {
	if len(plain) < small {
		return Stored(c, plain)
	}
	f := fragment(plain)
	switch c {
	case Gzip:
		f.Bytes = p.Deflate(plain)
	case Zstd:
		f.Bytes = p.Whole(Zstd, plain)
	}
	return f
}

// small is below what compressing is worth.
const small = 64

// Stored is a piece of a stream that goes as it is, within what the coding needs
// round it: heartbeats and the proxy's own news, of which each client has its own.
func Stored(c Coding, plain []byte) Fragment {
	f := fragment(plain)
	for len(plain) > 0 {
		n := min(len(plain), maxStored)
		switch c {
		case Gzip:
			f.Bytes = appendBlock(f.Bytes, plain[:n])
		case Zstd:
			f.Bytes = appendFrame(f.Bytes, plain[:n])
		}
		plain = plain[n:]
	}
	return f
}

func fragment(plain []byte) Fragment {
	return Fragment{sum: crc32.ChecksumIEEE(plain), shift: shiftOf(len(plain)), size: uint32(len(plain))}
}

// maxStored is how much fits into one block of either coding.
const maxStored = 1<<16 - 1

// appendBlock appends a deflate block that is not compressed, and not the last (RFC
// 1951 section 3.2.4). It begins and ends on a byte.
func appendBlock(b, plain []byte) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, 0), uint16(len(plain)))
	return append(binary.LittleEndian.AppendUint16(b, ^uint16(len(plain))), plain...)
}

// appendFrame appends a zstd frame of one block that is not compressed (RFC 8878
// section 3.1.1): magic, a single segment with its size, and the last block.
func appendFrame(b, plain []byte) []byte {
	b = append(b, 0x28, 0xb5, 0x2f, 0xfd)
	if n := len(plain); n < 256 {
		b = append(b, 0x20, byte(n))
	} else {
		b = binary.LittleEndian.AppendUint16(append(b, 0x60), uint16(n-256))
	}
	head := uint32(len(plain))<<3 | 1
	return append(append(b, byte(head), byte(head>>8), byte(head>>16)), plain...)
}

// Opening is what a stream of a coding begins with (RFC 1952 section 2.3: no name,
// no time, an unknown system).
func (c Coding) Opening() string {
	if c == Gzip {
		return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	}
	return ""
}

// Tally is what a client's stream has to know of what it was sent.
type Tally struct{ sum, size uint32 }

// Add counts a fragment.
func (t *Tally) Add(f *Fragment) {
	t.sum = product(t.sum, f.shift) ^ f.sum
	t.size += f.size
}

// Closing is what a stream of a coding ends with: of gzip an empty last block, the
// checksum and the size.
func (t *Tally) Closing(c Coding) []byte {
	if c != Gzip {
		return nil
	}
	b := binary.LittleEndian.AppendUint32([]byte{0x03, 0x00}, t.sum)
	return binary.LittleEndian.AppendUint32(b, t.size)
}
