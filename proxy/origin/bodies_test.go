package origin

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

var errCut = errors.New("the client left")

// cutBody is data and then an error.
func cutBody(data string, err error) io.Reader {
	return io.MultiReader(strings.NewReader(data), errReader{err})
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// panicBody is data and then a panic.
func panicBody(data string) io.Reader {
	return io.MultiReader(strings.NewReader(data), panicReader{})
}

type panicReader struct{}

func (panicReader) Read([]byte) (int, error) { panic("no more") }

// countingBody counts what is read of it.
type countingBody struct {
	endless bool
	data    bytes.Reader
	read    atomic.Int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := len(p), error(nil)
	if !b.endless {
		n, err = b.data.Read(p)
	}
	b.read.Add(int64(n))
	return n, err
}

// awaitStall waits until nobody reads any more: whoever did is waiting for the
// server.
func (b *countingBody) awaitStall(t *testing.T) {
	t.Helper()
	last, since := int64(-1), time.Now()
	await.Until(t, "the upload stalls", func() bool {
		if n := b.read.Load(); n != last {
			last, since = n, time.Now()
		}
		return last > 0 && time.Since(since) > 200*time.Millisecond
	})
}

// pipeBody is a body that the test writes, and that ends, as a client's does,
// when it is abandoned.
type pipeBody struct {
	*io.PipeReader
	w         *io.PipeWriter
	abandoned chan struct{} // gets a value for each Abandon
}

var errAbandoned = errors.New("abandoned")

func newPipeBody() *pipeBody {
	b := &pipeBody{abandoned: make(chan struct{}, 1024)}
	b.PipeReader, b.w = io.Pipe()
	return b
}

func (b *pipeBody) abandon() {
	b.abandoned <- struct{}{}
	_ = b.CloseWithError(errAbandoned)
}

// upload is a request with that body.
func (b *pipeBody) upload(target string, length int64) *Request {
	req := post(target, b, length)
	req.Abandon = b.abandon
	return req
}
