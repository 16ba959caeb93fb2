package accesslog

// flow is what one client asks of one URL.
type flow struct {
	id     uint64
	key    uint64
	url    uint64
	client *client
	end    *endpoint
	last   int64 // when, in Unix nanoseconds
	rhythm rhythm

	cursor uint64 // its last value
	step   int64  // by which it moved last
	ups    uint32 // how often it went up
	downs  uint32 // or back
	walks  uint32 // by the same step as before
	name   uint8
	before uint32 // requests that were counted where it was at first
	method method
	kind   kind
}

// class is what a flow turned out to be.
type class uint8

// Classes are what requests turn out to be, in the order of Class.
const (
	browsing class = iota
	undecided
	crawling
	monitoring
	polling
	writing
	classes
)

// longest silence of a flow: it is judged then, and what comes later begins another.
const (
	silence     = 20 * 60e9
	longSilence = 6 // times its period, if that is longer
)

// isOver reports whether a flow has been silent for too long.
func (f *flow) isOver(now int64) bool {
	quiet := now - f.last
	return quiet > silence && (f.rhythm.n < 2 || quiet > int64(longSilence*1e9*f.rhythm.period()))
}

// add notes a request of this flow.
func (f *flow) add(r *request, random uint64) {
	gap := float32(max(r.time-f.last, 0)) / 1e9
	f.rhythm.add(gap, r.took > 2e9 && float32(r.took)/1e9 > 0.7*gap, random)
	if r.name != 0 && f.rhythm.n > 1 {
		f.move(r)
	}
	f.last, f.cursor, f.name = max(f.last, r.time), r.cursor, r.name
}

// move notes where the cursor is now. A value that is no number has no order: it
// moves on when it is another.
func (f *flow) move(r *request) {
	step := int64(r.cursor) - int64(f.cursor)
	switch {
	case step == 0:
		return
	case !r.numeric || step > 0:
		f.ups++
	default:
		f.downs++
	}
	if step == f.step && r.numeric {
		f.walks++
	}
	f.step = step
}

// judge says what a flow is.
func (f *flow) judge() class {
	h := &f.rhythm
	switch {
	case f.kind == monitor:
		return monitoring
	case f.kind == robot:
		return crawling
	case f.method == write || f.method == other:
		return writing
	case f.walks > 2 && f.walks+2 >= f.ups && f.ups+2 >= h.n-1:
		return crawling // page after page
	case h.isHeld() || h.isEven():
		return polling
	case f.method == post:
		return writing
	case h.n >= shortest:
		return browsing
	case f.client.isWalker():
		return crawling
	}
	return undecided
}

// cursorName is the name of the cursor that this flow moves on; "" if it has none.
func (f *flow) cursorName() string {
	if f.ups == 0 || f.downs*4 > f.ups {
		return ""
	}
	return cursorNames[f.name]
}

// client is an address, a user agent and a user.
type client struct {
	hash     uint64
	requests uint32
	flows    uint32 // that it began
	live     int32  // flows that are not over
}

// isWalker reports whether a client goes from URL to URL and hardly ever comes
// back.
func (c *client) isWalker() bool { return c.flows >= 30 && c.requests < c.flows+c.flows/2 }
