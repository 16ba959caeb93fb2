package head

import "bytes"

// Follower reads along with what a client sends, from request to request, and
// knows where each ends. It is for what fasthttp, which reads the same bytes
// behind it, takes and does not show: a request line or a trailer that ends in
// a bare line feed, what stands behind the size of a chunk. Whoever is in front
// of us may have read the same bytes otherwise, and with them where the request
// ends (RFC 9112 sections 2.2, 7.1 and 11.2). The zero value is at the start of
// a connection.
//
// It keeps no more than the beginning of a line.
type Follower struct {
	state state
	err   error // sticky

	start   [maxFramingLine]byte // of the line under way
	length  int                  // of it so far
	pending bool                 // its last byte is a CR

	framing framing // of the request under way
	left    int64   // bytes missing from its body, or from the chunk
	chunk   chunk
}

// state is what the next byte belongs to.
type state uint8

const (
	atStart state = iota // between two requests
	inHead
	inBody
	inChunkSize
	inChunkData
	afterChunkData
	inTrailer
	inDoubt // nobody knows what this is
)

// maxFramingLine is how much of a line is looked at. A framing field that is
// longer is refused: no client pads one.
const maxFramingLine = 64

// framing is what a head says of where its request ends.
type framing struct {
	length         int64
	sized, chunked bool
	upgrade        bool // it has a line of Upgrade
	doubt          bool // there could be two opinions
}

// Follow returns how many of the bytes that came next may be read. An error, an
// *Error, means that the next of them may not, nor anything behind it. Without
// one, what is left is to be shown again: behind a head with Upgrade may come
// something else than HTTP.
func (f *Follower) Follow(p []byte) (n int, err error) {
	for n < len(p) && f.err == nil {
		switch f.state {
		case inBody, inChunkData:
			n += f.skip(len(p) - n)
		case inChunkSize, afterChunkData:
			n += f.followChunk(p[n:])
		case inDoubt:
			f.err = bad("nobody can tell where the request in front ends")
		default:
			var stop bool
			if n, stop = f.followLine(p, n); stop {
				return n, nil
			}
		}
	}
	return n, f.err
}

// Rests reports whether nothing of a request has come behind the last one, which
// ended well: what comes next begins a request.
func (f *Follower) Rests() bool {
	return f.state == atStart && f.err == nil && f.length == 0 && !f.pending
}

// skip passes over data.
func (f *Follower) skip(most int) int {
	n := min(int64(most), f.left)
	switch f.left -= n; {
	case f.left > 0:
	case f.state == inBody:
		f.state = atStart
	default:
		f.state = afterChunkData
	}
	return int(n)
}

// followLine reads a line of a head or a trailer from p[n:]. stop says that it
// ends a head that may be a handshake.
func (f *Follower) followLine(p []byte, n int) (m int, stop bool) {
	line := p[n:]
	end := bytes.IndexByte(line, '\n')
	if end >= 0 {
		line = line[:end]
	}
	if f.state == inTrailer { // in a head, Parse looks
		if at := bareCR(line, f.pending); at >= 0 {
			f.err = bad("a bare carriage return (RFC 9112 section 2.2)")
			return n + at, false
		}
	}
	n += len(line)
	if end < 0 {
		f.keep(line)
		return n, false
	}
	if ends := len(line) > 0 && line[len(line)-1] == '\r' || len(line) == 0 && f.pending; !ends {
		f.err = bad("a line of the head, or of the trailer, does not end in CRLF (RFC 9112 section 2.2)")
		return n, false
	}
	return n + 1, f.endLine(line)
}

// bareCR returns where a part of a line shows that there is a CR which does not
// end it, or -1. pending says that a CR came before the part.
func bareCR(line []byte, pending bool) int {
	if pending && len(line) > 0 {
		return 0
	}
	if at := bytes.IndexByte(line, '\r'); at >= 0 && at < len(line)-1 {
		return at
	}
	return -1
}

// keep keeps the beginning of a line that has come in part.
func (f *Follower) keep(part []byte) {
	if f.length < len(f.start) {
		copy(f.start[f.length:], part)
	}
	f.length += len(part)
	if len(part) > 0 {
		f.pending = part[len(part)-1] == '\r'
	}
}

// endLine takes a line that has come whole, of which last is the last part. stop
// says that it ends a head that may be a handshake.
func (f *Follower) endLine(last []byte) (stop bool) {
	line, length := last, len(last)-1
	if f.length > 0 {
		f.keep(last)
		length = f.length - 1
		line = f.start[:min(f.length, len(f.start))]
	}
	line = line[:min(len(line), length, maxFramingLine)]
	f.length, f.pending = 0, false
	switch {
	case f.state == inTrailer && length == 0:
		f.state = atStart
	case f.state == inTrailer:
		if name, _, found := bytes.Cut(line, []byte{':'}); !found || !IsToken(name) {
			f.err = bad("a line of a trailer without a valid name (RFC 9112 section 5)")
		}
		f.spend(length + len("\r\n"))
	case f.state == inHead && length == 0:
		f.endHead()
		return f.framing.upgrade
	case f.state == inHead:
		f.framing.read(line, length)
	case length > 0: // the request line; empty lines in front of it do not count
		f.state, f.framing = inHead, framing{}
	}
	return false
}

// endHead decides what follows.
func (f *Follower) endHead() {
	switch g := &f.framing; {
	case g.doubt || g.sized && g.chunked:
		f.state = inDoubt
	case g.chunked:
		f.state, f.chunk = inChunkSize, chunk{}
	case g.length > 0:
		f.state, f.left = inBody, g.length
	default:
		f.state = atStart
	}
}

// read reads a field line, as far as it was kept.
func (g *framing) read(line []byte, length int) {
	switch lowerByte(line[0]) {
	case 'c', 't', 'u':
	default:
		return
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	value = bytes.Trim(value, " \t")
	switch {
	case equalFold(name, "upgrade"):
		g.upgrade = true
	case equalFold(name, "content-length"):
		n, ok := parseLength(value)
		g.doubt = g.doubt || g.sized || !ok || length > len(line)
		g.length, g.sized = n, true
	case equalFold(name, "transfer-encoding"):
		g.doubt = g.doubt || g.chunked || !equalFold(value, "chunked") || length > len(line)
		g.chunked = true
	}
}
