package upgrade

import (
	"sync"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// fragments are the compressed frames of one version, by transport and coding,
// made once each.
type fragments [NDJSON - SSE + 1][coding.Codings]fragment

// fragment is a frame under a coding.
type fragment struct {
	once sync.Once
	frame
	sums coding.Fragment // Bytes is within the frame
}

// fragment returns the update as a piece of a compressed stream.
func (u *Update) fragment(t Transport, press *coding.Press, c coding.Coding) *fragment {
	f := &u.frames.compressed()[t-SSE][c]
	f.once.Do(func() {
		f.err = errFormat // if this panics, too
		whole := u.frame(t)
		if whole.err != nil {
			return
		}
		if len(whole.plain) > maxCoded {
			f.sums = coding.Stored(c, whole.plain)
		} else {
			f.sums = press.Fragment(c, whole.plain)
		}
		f.frame = newFrame(f.sums.Bytes, nil)
		f.sums.Bytes = f.plain
		u.keep(len(f.chunk))
	})
	return f
}

func (f *frames) compressed() *fragments {
	if all := f.fragments.Load(); all != nil {
		return all
	}
	f.fragments.CompareAndSwap(nil, new(fragments)) // or another client was first
	return f.fragments.Load()
}

// flow is the coding of a stream.
type flow struct {
	coding coding.Coding
	press  *coding.Press
	tally  coding.Tally
}

// newFlow begins a stream; nil goes as it is. Multipart does: it is for pictures,
// which are compressed already, and for readers that look for delimiters.
func newFlow(kind Transport, c coding.Coding, press *coding.Press) *flow {
	if press == nil || !c.Streams() || kind != SSE && kind != NDJSON {
		return nil
	}
	return &flow{coding: c, press: press}
}

// stored is news of the stream's own, under its coding.
func (f *flow) stored(plain []byte) []byte {
	if f == nil {
		return plain
	}
	piece := coding.Stored(f.coding, plain)
	f.tally.Add(&piece)
	return piece.Bytes
}

// begin is what comes before everything else.
func (f *flow) begin() []byte {
	if f == nil {
		return nil
	}
	return []byte(f.coding.Opening())
}

// end is what comes behind everything else.
func (f *flow) end() []byte {
	if f == nil {
		return nil
	}
	return f.tally.Closing(f.coding)
}

// frame is the update as the stream's client gets it. It counts as sent.
func (s *Stream) frame(u *Update) frame {
	if s.flow == nil {
		return u.frame(s.encoding(u))
	}
	f := u.fragment(s.kind, s.flow.press, s.flow.coding)
	if f.err == nil {
		s.flow.tally.Add(&f.sums)
	}
	return f.frame
}
