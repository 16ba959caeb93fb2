package load

import (
	"context"
	"sync"
	"time"
)

// Pollers are clients of one server.
type Pollers struct {
	clients []*poller
}

// Connect connects n clients. request says what each of them asks.
func Connect(ctx context.Context, address string, n int, request func(client int) Request) (*Pollers, error) {
	p := &Pollers{}
	for i := range n {
		one := &poller{request: request(i)}
		var err error
		if one.conn, err = dial(ctx, address, one.request.buffer()); err != nil {
			p.Close()
			return nil, err
		}
		p.clients = append(p.clients, one)
	}
	return p, nil
}

// Close closes the connections.
func (p *Pollers) Close() {
	for _, one := range p.clients {
		one.conn.Close()
	}
}

// Once lets every client ask once, all at the same time. Here and below, an answer
// that is not as expected is an error, and so is the end of ctx.
func (p *Pollers) Once(ctx context.Context) error {
	_, err := p.run(ctx, func(one *poller) (int64, error) { return 1, one.ask() })
	return err
}

// Run lets every client ask without a pause until the time is over, and returns
// how many answers there were.
func (p *Pollers) Run(ctx context.Context, d time.Duration) (answers int64, err error) {
	end := time.Now().Add(d)
	return p.run(ctx, func(one *poller) (n int64, err error) {
		for time.Now().Before(end) && err == nil {
			err = one.ask()
			n++
		}
		return n, err
	})
}

// Pace lets every client ask once per interval until the time is over, spread
// evenly over the interval. Who had to wait for an answer for longer than that
// asks again at once, but does not catch up.
func (p *Pollers) Pace(ctx context.Context, every, d time.Duration) (answers int64, err error) {
	start := time.Now()
	for i, one := range p.clients {
		one.next = start.Add(every * time.Duration(i) / time.Duration(len(p.clients)))
	}
	return p.run(ctx, func(one *poller) (n int64, err error) {
		for one.next.Before(start.Add(d)) && err == nil {
			sleepUntil(ctx, one.next)
			err = one.ask()
			one.next = later(one.next.Add(every), time.Now())
			n++
		}
		return n, err
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleepUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// run runs each client in a goroutine of its own and adds up what they return.
func (p *Pollers) run(ctx context.Context, each func(*poller) (int64, error)) (sum int64, err error) {
	defer context.AfterFunc(ctx, p.Close)()
	var mu sync.Mutex
	var running sync.WaitGroup
	for _, one := range p.clients {
		running.Go(func() {
			n, failure := each(one)
			mu.Lock()
			defer mu.Unlock()
			if sum += n; failure != nil && err == nil {
				err = failure
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return sum, ctx.Err() // which closed the connections
	}
	return sum, err
}
