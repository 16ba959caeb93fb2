package legacy

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"sync"
	"time"
)

// jpegQuality makes a frame about 9 KB: small enough for thousands of viewers,
// good enough to read the digits.
const jpegQuality = 75

// Camera is an origin whose resource is not JSON: a JPEG of a ball that rolls
// by, with the number of the frame and its time (UTC) drawn into it, so that a
// person sees that it is live and how late it is. It answers GET and HEAD on
// any path, with a strong ETag.
type Camera struct {
	*Counter
	options Options

	mu     sync.Mutex // guards what follows
	beat   *beat
	latest Frame
}

// Frame is one picture.
type Frame struct {
	Number int // 1 for the first
	At     time.Time
	JPEG   []byte // not to be changed; nil until somebody asks
}

// NewCamera returns a camera that takes its first frame now, and usually one
// every second from then on.
func NewCamera(o Options) *Camera {
	o, start := o.filled(Pace{Min: time.Second})
	o.Validator |= StrongETag
	c := &Camera{options: o, beat: newBeat(o.Every, o.random(whenStream), start), latest: Frame{Number: 1, At: start}}
	c.Counter = o.counted(readOnly(c.show))
	return c
}

// Frame returns the latest frame.
func (c *Camera) Frame() Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

// Shoot takes the next frame now, whatever the pace.
func (c *Camera) Shoot() Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.nowLocked()
	c.latest = Frame{Number: last.Number + 1, At: c.options.instant()}
	return c.nowLocked()
}

// nowLocked draws the latest frame only, and once: frames that nobody asked
// for cost nothing.
func (c *Camera) nowLocked() Frame {
	for at := range c.beat.passed(c.options.Clock()) {
		c.latest = Frame{Number: c.latest.Number + 1, At: at}
	}
	if c.latest.JPEG == nil {
		c.latest.JPEG = encode(c.latest)
	}
	return c.latest
}

func (c *Camera) show(w http.ResponseWriter, r *http.Request) {
	frame := c.Frame()
	w.Header().Set("X-Frame", fmt.Sprint(frame.Number)) // for those who cannot read pictures
	c.options.send(w, r, representation{"image/jpeg", frame.JPEG, frame.JPEG, frame.At})
}

func encode(f Frame) []byte {
	var buffer bytes.Buffer
	if err := jpeg.Encode(&buffer, picture(f), &jpeg.Options{Quality: jpegQuality}); err != nil {
		panic(err) // a buffer does not fail and the picture is small
	}
	return buffer.Bytes()
}
