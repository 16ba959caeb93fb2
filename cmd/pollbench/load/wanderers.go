package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Wanderers are clients that ask for something else each time, as fast as they
// are answered.
type Wanderers struct {
	Address string
	Clients int
	From    []net.IP // addresses that they come from, in turn; none: any
	Count   int64    // requests, in all
	Target  func(number int64) string

	Asked    atomic.Int64 // requests, so far
	Answered atomic.Int64 // of them, with 200
}

// Run asks Count times. An answer other than 200 is an error.
func (w *Wanderers) Run(ctx context.Context) error {
	var running sync.WaitGroup
	failures := make([]error, w.Clients)
	for i := range failures {
		var from net.IP
		if len(w.From) > 0 {
			from = w.From[i%len(w.From)]
		}
		running.Go(func() { failures[i] = w.wander(ctx, from) })
	}
	running.Wait()
	return errors.Join(ctx.Err(), cmp.Or(failures...)) // one of them says it all
}

func (w *Wanderers) wander(ctx context.Context, from net.IP) error {
	conn, err := dialFrom(ctx, from, w.Address, smallBuffer)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, conn.Close)()
	one := &poller{conn: conn}
	for {
		number := w.Asked.Add(1)
		if number > w.Count {
			w.Asked.Add(-1)
			return nil
		}
		target := w.Target(number)
		one.request = Get(w.Address, target, Any)
		if err := one.ask(); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		w.Answered.Add(1)
	}
}
