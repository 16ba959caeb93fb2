package accesslog

import (
	"slices"
)

// keptGaps is how many gaps of a flow are kept, whatever its length.
const keptGaps = 12

// rhythm is what is kept of when one client asks for one URL.
type rhythm struct {
	n       uint32            // requests
	gaps    [keptGaps]float32 // seconds; a sample of all of them
	before  float32           // the last gap
	before2 float32           // the one before that
	even    uint32            // gaps that are about as long as the one before
	pairs   uint32            // gaps that make about the same sum with the one before as that with its own: two clients in one
	growing uint32            // gaps that are about twice the one before: back-off
	held    uint32            // requests that were held for most of the gap: long polls
	sum     float64           // of all gaps
}

// add notes a request that came so many seconds after the one before.
func (h *rhythm) add(gap float32, held bool, random uint64) {
	h.n++
	if h.n == 1 {
		return
	}
	i := uint64(h.n) - 2 // gaps so far
	if i < keptGaps {
		h.gaps[i] = gap
	} else if j := random % (i + 1); j < keptGaps {
		h.gaps[j] = gap
	}
	if i > 0 {
		switch ratio := gap / max(h.before, 0.01); {
		case ratio > 0.6 && ratio < 1.67:
			h.even++
		case ratio > 1.67 && ratio < 2.6:
			h.growing++
		}
	}
	if sum := h.before + h.before2; i > 1 && absolute(gap-h.before2) < 0.12*sum {
		h.pairs++
	}
	if held {
		h.held++
	}
	h.before2, h.before = h.before, gap
	h.sum += float64(gap)
}

func absolute(x float32) float32 { return max(x, -x) }

// sorted copies the kept gaps in order.
func (h *rhythm) sorted(into *[keptGaps]float32) []float32 {
	s := into[:copy(into[:], h.gaps[:min(max(h.n, 1)-1, keptGaps)])]
	slices.Sort(s)
	return s
}

// shortest is how many requests a flow has at least of which a rhythm can be told.
const shortest = 4

// burst is how many seconds a flow lasts at least of which a rhythm can be told.
const burst = 2.5

// period is the gap in the middle, in seconds; 0 if there is none.
func (h *rhythm) period() float64 {
	var buf [keptGaps]float32
	s := h.sorted(&buf)
	if len(s) == 0 {
		return 0
	}
	return float64(s[len(s)/2])
}

// isEven reports whether requests come as a timer sends them, and not as people do,
// whose gaps have no typical length: most are near the middle one, or follow each
// other at equal length, or at double length. A flow that goes on and on without long
// gaps is one as well, of several clients behind one address; nobody reloads a page
// that often.
func (h *rhythm) isEven() bool {
	var buf [keptGaps]float32
	s := h.sorted(&buf)
	if h.n < shortest {
		return false
	}
	middle := s[len(s)/2]
	near := 0
	for _, gap := range s {
		if gap >= 0.62*middle-0.5 && gap <= 1.5*middle+0.5 {
			near++
		}
	}
	gaps := float32(h.n - 1)
	enough := float32(0.7)
	if h.n <= 6 {
		enough = 0.99 // a few can be even by chance
	}
	switch {
	case middle < 0.2 || h.sum < burst: // what a page loads at once
		return false
	case float32(near) >= enough*float32(len(s)):
		return true
	case h.n >= 6 && float32(h.even+h.growing) >= 0.75*(gaps-1) && h.even+2*h.growing > uint32(gaps):
		return true
	case h.n >= 10 && float32(h.pairs) >= 0.7*(gaps-2):
		return true
	}
	return h.n >= 40 && s[len(s)*9/10] <= 4.5*max(middle, 0.5) && h.sum/float64(gaps) <= 60
}

// isHeld reports whether the server answers when there is news: long polls.
func (h *rhythm) isHeld() bool { return h.n >= shortest && h.held*4 >= (h.n-1)*3 }
