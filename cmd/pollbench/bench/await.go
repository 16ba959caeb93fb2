package bench

import (
	"context"
	"fmt"
	"time"
)

// lookAgain is the pause between two looks at what is awaited.
const lookAgain = 10 * time.Millisecond

// patience bounds waiting for what must happen.
const patience = 60 * time.Second

// await looks until what it waits for is there. The error says what it was.
func await(ctx context.Context, what string, there func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		if ok, err := there(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}
