package audience

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// Codings are those of streams that can be read here: by pollmux, which compresses
// each event for itself.
func Codings() []string { return []string{"gzip", "zstd"} }

// unpacker reads compressed streams, of which each chunk can be read without those
// before it. All clients get the same chunks, so each is read once: else the
// clients would be what is measured. It belongs to the loop.
type unpacker struct {
	coding      string
	last, plain []byte
	from        bytes.Reader
	flate       io.ReadCloser
	zstd        *zstd.Decoder
}

func newUnpacker(coding string) *unpacker {
	switch coding {
	case "gzip":
		return &unpacker{coding: coding, flate: flate.NewReader(nil)}
	case "zstd":
		d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)) // an option that is valid
		return &unpacker{coding: coding, zstd: d}
	}
	return nil
}

// gzipHead is how a stream in gzip begins.
const gzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// unpack returns what is in a chunk. It is good until the next one.
func (p *unpacker) unpack(chunk []byte) ([]byte, error) {
	if p == nil {
		return chunk, nil
	}
	if p.flate != nil && string(chunk) == gzipHead {
		return nil, nil
	}
	if bytes.Equal(chunk, p.last) {
		return p.plain, nil
	}
	plain, err := p.fresh(chunk)
	if err != nil {
		return nil, fmt.Errorf("a chunk in %s that begins with %.40q: %w", p.coding, chunk, err)
	}
	p.last, p.plain = append(p.last[:0], chunk...), plain
	return plain, nil
}

func (p *unpacker) fresh(chunk []byte) ([]byte, error) {
	if p.zstd != nil {
		return p.zstd.DecodeAll(chunk, nil)
	}
	p.from.Reset(chunk)
	if err := p.flate.(flate.Resetter).Reset(&p.from, nil); err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(p.flate)
	if errors.Is(err, io.ErrUnexpectedEOF) { // the stream goes on
		err = nil
	}
	return plain, err
}
