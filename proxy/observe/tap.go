package observe

import (
	"io"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// Tap looks at an answer as it passes: it returns the body to be relayed in place
// of the answer's own, with the same bytes at the same time. What it needs to know
// of the body it takes from what is read, and closing it ends the look.
func (x *Look) Tap(resp *origin.Response) io.ReadCloser {
	now := time.Now()
	x.route.observer.guard(func() {
		x.answered(resp, now)
		x.begin(resp)
	})
	if resp.Length == 0 || x.head {
		x.outcome.whole, x.outcome.ended = true, now
	}
	return &tap{ReadCloser: resp.Body, look: x}
}

// tap is a body that is looked at.
type tap struct {
	io.ReadCloser
	look *Look
}

// Read reads the body.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.look.saw(p[:n])
	if err == io.EOF && !t.look.outcome.whole {
		t.look.outcome.whole, t.look.outcome.ended = true, time.Now()
	}
	return n, err
}

// Close closes the body.
func (t *tap) Close() error {
	err := t.ReadCloser.Close()
	t.look.end(time.Now())
	return err
}
