package feed

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// quiet keeps panics on purpose out of the test's output.
func quiet(r *rig) { r.log = slog.New(slog.DiscardHandler) }

// logged returns where the rig's log goes.
func logged(r *rig) *bytes.Buffer {
	var b bytes.Buffer
	r.log = slog.New(slog.NewTextHandler(&b, nil))
	return &b
}

func TestAPanicInTheOriginCostsOnePoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		log := logged(r)
		r.origin.answers(func(*poll) *origin.Response { panic("on purpose") })
		if a := r.get("/x"); !errors.Is(a.Err, errPanicked) || a.RetryAfter != time.Second {
			t.Errorf("got %+v", a)
		}
		r.origin.says(200, "v1")
		time.Sleep(time.Second)
		r.want(r.get("/x"), "v1")
		if n := strings.Count(log.String(), "on purpose"); n != 1 || !strings.Contains(log.String(), "feed=route#") {
			t.Errorf("logged %d times: %s", n, log)
		}
	})
}

func TestAPanicInABodyLeavesNoResponseOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		quiet(r)
		r.origin.answers(func(*poll) *origin.Response {
			resp := response(200, "v1")
			resp.Body = io.NopCloser(panicking{})
			return resp
		})
		if a := r.get("/x"); !errors.Is(a.Err, errPanicked) {
			t.Errorf("got %+v", a)
		} // and the rig counts what is open
	})
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("on purpose") }

func TestALengthThatCannotBeIsNoDanger(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		log := logged(r)
		r.policy.Snapshot = 0 // no limit
		r.origin.answers(func(*poll) *origin.Response {
			resp := response(200, "short")
			resp.Length = 1 << 62
			return resp
		})
		if a := r.get("/x"); !errors.Is(a.Err, io.ErrUnexpectedEOF) || log.Len() > 0 {
			t.Errorf("got %+v\n%s", a, log)
		}
	})
}

func TestALongBodyComesWhole(t *testing.T) {
	for _, size := range []int{firstRead - 1, firstRead, firstRead + 1, 5*firstRead + 7} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.policy.Snapshot = 0
			body := strings.Repeat("0123456789", size/10+1)[:size]
			r.origin.says(200, body)
			if u := r.get("/x").Update; string(u.Body) != body || cap(u.Body) > size+4096 {
				t.Errorf("%d of %d bytes came, in %d", len(u.Body), size, cap(u.Body))
			}
		})
	}
}

// brittle is a meter that panics in the middle of a landing.
type brittle struct {
	Meter
	left int
}

func (b *brittle) Updated() {
	if b.left--; b.left == 0 {
		panic("on purpose")
	}
	b.Meter.Updated()
}

func TestAPanicInAFeedEndsThatFeedOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		log := logged(r)
		r.want(r.get("/other"), "v1")
		spec := r.spec("/x")
		spec.Meter = &brittle{&r.meter, 1}
		f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
		if err != nil {
			t.Fatal(err)
		}
		if a := get(f, KeepNone); !errors.Is(a.Err, ErrClosed) {
			t.Errorf("got %+v", a)
		}
		f.Release()
		<-f.done
		if f.Latest().Ended == nil || r.feeds.Get([]byte(spec.Key)) != nil {
			t.Error("it goes on")
		}
		r.want(r.get("/x"), "v1") // by another feed
		r.want(r.get("/other"), "v1")
		if n := strings.Count(log.String(), "on purpose"); n != 1 {
			t.Errorf("logged %d times: %s", n, log)
		}
	})
}
