package head

import "math"

const (
	// maxDigits bounds the size of a chunk, as it is written.
	maxDigits = 16

	// maxExtension bounds what stands behind the size of a chunk: nobody uses
	// it for anything.
	maxExtension = 256

	// maxExtensions bounds that of all chunks of a body.
	maxExtensions = 4 << 10

	// maxSpent bounds what a body costs besides its data: so many bytes for
	// each of those, with freeSpent for nothing. A client that sends single
	// bytes is slow; one that sends more around them is up to something.
	maxSpent  = 16
	freeSpent = 16 << 10
)

// chunk is where a Follower stands in the chunks of a body (RFC 9112 section
// 7.1).
type chunk struct {
	part       part
	digits     int  // of the size under way
	extension  int  // bytes behind them
	cr         bool // the last byte was a CR
	extensions int  // bytes of all of them
	spent      int64
	data       int64
}

// part is a part of a chunk's first line.
type part uint8

const (
	inSize part = iota
	padding
	beforeName
	inName
	afterName
	beforeValue
	inValue
	inQuotes
	escaped
	afterQuotes
)

// next says which part a byte belongs to. Who takes a quoted string for what it
// is looks for its end beyond the line's, so one that has none is no extension.
func (p part) next(c byte) (next part, ok bool) {
	switch {
	case p == inQuotes && c == '"':
		return afterQuotes, true
	case p == inQuotes && c == '\\':
		return escaped, true
	case p == inQuotes || p == escaped:
		return inQuotes, c >= ' ' && c != 0x7f || c == '\t'
	case c == ';':
		return beforeName, p != beforeName && p != beforeValue
	case c == '=':
		return beforeValue, p == inName || p == afterName
	case c == '"':
		return inQuotes, p == beforeValue
	case c == ' ' || c == '\t':
		return p.behindSpace(), true
	case p == beforeName || p == inName:
		return inName, tokenBytes[c]
	}
	return inValue, (p == beforeValue || p == inValue) && tokenBytes[c]
}

func (p part) behindSpace() part {
	switch p {
	case inSize, inValue, afterQuotes:
		return padding
	case inName:
		return afterName
	}
	return p
}

// mayEnd reports whether the line may end behind the part.
func (p part) mayEnd() bool {
	return p == inSize || p == inName || p == inValue || p == afterQuotes
}

// followChunk reads what is not data, up to where data or a trailer begins. It
// returns how many bytes of p that is.
func (f *Follower) followChunk(p []byte) int {
	for n, c := range p {
		if f.state == afterChunkData {
			f.afterData(c)
		} else {
			f.sizeByte(c)
		}
		if f.err != nil {
			return n
		}
		if f.spend(1); f.state != inChunkSize && f.state != afterChunkData {
			return n + 1
		}
	}
	return len(p)
}

// afterData reads the CRLF behind the data.
func (f *Follower) afterData(c byte) {
	switch {
	case !f.chunk.cr && c == '\r':
		f.chunk.cr = true
	case f.chunk.cr && c == '\n':
		f.chunk.cr, f.state = false, inChunkSize
	default:
		f.err = bad("a chunk is longer than it says (RFC 9112 section 7.1)")
	}
}

// sizeByte reads a byte of the line that begins a chunk.
func (f *Follower) sizeByte(c byte) {
	k := &f.chunk
	digit, isDigit := unhex(c)
	switch {
	case k.cr && c == '\n':
		f.beginChunk()
	case k.cr:
		f.err = bad("a bare carriage return in a chunk's first line (RFC 9112 section 7.1)")
	case c == '\r' && k.digits > 0 && k.part.mayEnd():
		k.cr = true
	case isDigit && k.part == inSize && k.digits < maxDigits && f.left <= math.MaxInt64>>4:
		f.left, k.digits = f.left<<4|int64(digit), k.digits+1
	case k.digits > 0:
		f.extend(c)
	default:
		f.err = bad("a chunk without a size (RFC 9112 section 7.1)")
	}
}

// extend reads a byte behind the size.
func (f *Follower) extend(c byte) {
	k := &f.chunk
	part, ok := k.part.next(c)
	if k.part = part; !ok {
		f.err = bad("a chunk's size is followed by what is no extension (RFC 9112 section 7.1.1)")
		return
	}
	k.extension++
	if k.extensions++; k.extension > maxExtension || k.extensions > maxExtensions {
		f.err = bad("a chunk extension that is too long (RFC 9112 section 7.1.1)")
	}
}

// beginChunk is called behind a chunk's first line.
func (f *Follower) beginChunk() {
	k := &f.chunk
	*k = chunk{extensions: k.extensions, spent: k.spent, data: k.data + min(f.left, math.MaxInt32)}
	if f.state = inChunkData; f.left == 0 {
		f.state = inTrailer
	}
}

// spend accounts for bytes that are no data.
func (f *Follower) spend(n int) {
	if f.chunk.spent += int64(n); f.chunk.spent > freeSpent+maxSpent*f.chunk.data {
		f.err = bad("chunks of nothing")
	}
}
