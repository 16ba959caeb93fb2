package top

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// Source is what is looked at.
type Source interface {
	// Stats reads the account.
	Stats(ctx context.Context) (ledger.Stats, error)
}

// maxPause is the longest wait between two tries to reach what does not answer.
const maxPause = 10 * time.Second

// poll reads the account at a pace, and less and less often while that fails, until ctx
// ends. What it finds out it sends.
func poll(ctx context.Context, s Source, pace time.Duration, out chan<- any) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		event, pause := read(ctx, s, pace, &failures)
		timer.Reset(pause)
		select {
		case out <- event:
		case <-ctx.Done():
			return
		}
	}
}

// read reads once, and says when to read again.
func read(ctx context.Context, s Source, pace time.Duration, failures *int) (event any, pause time.Duration) {
	stats, err := stats(ctx, s)
	if err == nil {
		*failures = 0
		return reading(stats), pace
	}
	*failures++
	pause = min(max(pace, time.Second)<<min(*failures-1, 10), max(maxPause, pace))
	return failed{err: err.Error(), retry: time.Now().Add(pause)}, pause
}

// errPanicked is a reading that ended in a panic.
var errPanicked = errors.New("the answer could not be read")

// stats has a panic cost one reading, and not the terminal.
func stats(ctx context.Context, s Source) (all ledger.Stats, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanicked, p)
		}
	}()
	return s.Stats(ctx)
}
