package load

import (
	"context"
	"sync"
	"time"
)

// Writers are clients that send numbered writes, one after the other, and each of
// them once.
type Writers struct {
	Address string
	Target  string
	N       int           // clients
	Every   time.Duration // between two writes of one
	Number  func(int64) []byte
	Account *Writes
}

// Run writes until the time is over. Who loses its connection makes another one, and
// goes on with the next write.
func (w *Writers) Run(ctx context.Context, d time.Duration) {
	end := time.Now().Add(d)
	var running sync.WaitGroup
	for range w.N {
		running.Go(func() {
			var c *Conn
			for time.Now().Before(end) && ctx.Err() == nil {
				if c = w.write(ctx, c); !pause(ctx, w.Every) {
					break
				}
			}
			if c != nil {
				c.Close()
			}
		})
	}
	running.Wait()
}

// write sends one write over a connection, or a new one, and returns what can carry
// the next; nil if nothing can.
func (w *Writers) write(ctx context.Context, c *Conn) *Conn {
	if c == nil {
		var err error
		if c, err = dial(ctx, w.Address, smallBuffer); err != nil {
			return nil
		}
	}
	number := w.Account.next()
	r := Post(w.Address, w.Target, w.Number(number), Any)
	_ = c.wire.SetDeadline(time.Now().Add(fetchTimeout))
	if _, err := c.Write(append(r.Head, r.Body...)); err == nil {
		if head, err := c.readHead(); err == nil {
			w.Account.answered(number, head.Status)
			if _, err := c.skip(head); err == nil {
				return c
			}
		}
	}
	c.Close()
	return nil
}
