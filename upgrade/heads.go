package upgrade

import (
	"sync/atomic"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// variant is what the head of an answer depends on besides its update and the
// time. Whatever else there will be to choose belongs here.
type variant struct {
	notModified      bool
	coding           coding.Coding
	cacheStatus, via string
}

// written is the head of the answers of one variant, but for what changes from one
// second to the next, which stands between its halves: the value of Age.
type written struct {
	variant
	before, after []byte
}

// heads are those of one update. Each is written once, when the first client needs
// it, and is immutable then.
type heads struct{ kept atomic.Pointer[[]*written] }

const (
	// maxHeads bounds how many are kept: there are few variants.
	maxHeads = 16

	// maxHead is how large one may be that is kept: the limit on snapshots does
	// not count them.
	maxHead = 4 << 10
)

// AppendHead appends the head of the answer on a connection that stays open. Behind
// it comes Body. It allocates nothing once an answer of its kind was written, unless
// the client was held.
func (a *Answer) AppendHead(b []byte) []byte {
	w := a.head()
	b = append(b, w.before...)
	return append(a.appendAge(b), w.after...)
}

func (a *Answer) head() *written {
	h := a.Update.heads
	if h == nil || a.Held > 0 {
		return a.writeHead()
	}
	var kept []*written
	known := h.kept.Load()
	if known != nil {
		kept = *known
	}
	for _, w := range kept {
		if w.variant == a.variant() {
			return w
		}
	}
	w := a.writeHead()
	if len(kept) < maxHeads && len(w.before)+len(w.after) <= maxHead {
		more := append(kept[:len(kept):len(kept)], w)
		h.kept.CompareAndSwap(known, &more) // or else another client writes it once more
	}
	return w
}

func (a *Answer) variant() variant {
	return variant{notModified: a.NotModified, coding: a.Coding, cacheStatus: a.CacheStatus, via: a.Via}
}

func (a *Answer) writeHead() *written {
	w := &written{variant: a.variant()}
	half := &w.before
	*half = appendStatus(nil, a.status())
	a.fields(func(name, value string) { *half = appendField(*half, name, value) }, func() {
		*half = append(*half, "Age: "...)
		half = &w.after
		*half = append(*half, "\r\n"...)
	})
	*half = a.appendEnd(a.appendOwn(*half))
	return w
}
