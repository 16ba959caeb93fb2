package proxy

import (
	"bytes"
	"sync/atomic"
)

// bareEnds looks for an empty line that ends in a bare line feed, behind a good
// line end, in what a client sends. The zero value has seen none.
type bareEnds struct {
	seen atomic.Bool
	tail [2]byte // what came last
}

// look takes the next bytes that came. It is called by one reader at a time.
func (b *bareEnds) look(p []byte) {
	if len(p) == 0 || b.seen.Load() {
		return
	}
	const end = "\r\n\n"
	seam := append(b.tail[:2:2], p[:min(2, len(p))]...)
	if bytes.Contains(p, []byte(end)) || bytes.Contains(seam, []byte(end)) {
		b.seen.Store(true)
	}
	copy(b.tail[:], seam[len(seam)-2:])
	if len(p) > 1 {
		copy(b.tail[:], p[len(p)-2:])
	}
}
