package coding

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// Why a message cannot be inflated.
var (
	ErrTooBig  = errors.New("the message is too big once it is inflated")
	ErrDeflate = errors.New("the message is not deflated")
)

// tail is what a sender takes off the end of a message (RFC 7692 section 7.2.1).
const tail = "\x00\x00\xff\xff"

// Message compresses a WebSocket message, with nothing taken over from others.
func (p *Press) Message(body []byte) []byte {
	if len(body) == 0 {
		return []byte{0} // RFC 7692 section 7.2.3.6
	}
	return bytes.TrimSuffix(p.Deflate(body), []byte(tail))
}

// inflater is a reader that can be used again.
type inflater struct {
	from bytes.Reader
	flow io.ReadCloser
}

// Inflate undoes what a client has done to a message (RFC 7692 section 7.2.2).
// However little there is of it, no more than most bytes are made of it, and one;
// 0 is no limit. A message may be made of several streams, but what stands behind
// the last of them is none.
func (p *Press) Inflate(message []byte, most int64) ([]byte, error) {
	if len(message) == 0 {
		return nil, nil // some write nothing as nothing
	}
	in, _ := p.inflate.Get().(*inflater)
	if in == nil {
		in = new(inflater)
		in.flow = flate.NewReader(&in.from)
	}
	defer p.inflate.Put(in)
	defer in.from.Reset(nil)
	return in.all(append(message[:len(message):len(message)], tail+final...), most)
}

// final is an empty last block, by which a reader knows the end.
const final = "\x01\x00\x00\xff\xff"

func (in *inflater) all(message []byte, most int64) ([]byte, error) {
	var plain bytes.Buffer
	in.from.Reset(message)
	for in.from.Len() > 0 {
		if err := in.flow.(flate.Resetter).Reset(&in.from, nil); err != nil {
			return nil, ErrDeflate
		}
		var from io.Reader = in.flow
		if most > 0 {
			from = io.LimitReader(in.flow, most+1-int64(plain.Len()))
		}
		_, err := plain.ReadFrom(from)
		switch {
		case most > 0 && int64(plain.Len()) > most:
			return nil, ErrTooBig
		case err != nil:
			return nil, ErrDeflate
		}
	}
	return plain.Bytes(), nil
}
