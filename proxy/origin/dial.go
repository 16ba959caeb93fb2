package origin

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"
)

// dialDelay is how long an address may take before the next one is tried as
// well (RFC 8305 section 5).
const dialDelay = 250 * time.Millisecond

// dialer makes connections to one host.
type dialer struct {
	net.Dialer
	names *names
	port  string
}

// dial connects to whichever address of the host answers. If none does, the host
// may have moved: then it is looked up again, and what is new is tried.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	addresses, err := d.names.addresses(ctx)
	if err != nil {
		return nil, err
	}
	c, err := d.race(ctx, addresses)
	if err == nil || ctx.Err() != nil || d.names.isLiteral() {
		return c, err
	}
	again, lookupErr := d.names.addresses(ctx)
	again = slices.DeleteFunc(again, func(a netip.Addr) bool { return slices.Contains(addresses, a) })
	if lookupErr != nil || len(again) == 0 {
		return nil, err
	}
	return d.race(ctx, again)
}

// attempt is how dialing one address ended.
type attempt struct {
	conn net.Conn
	err  error
	addr netip.Addr
}

// race dials one address after the other, each a moment after the one before it
// or as soon as that one failed. The first connection wins. All failing, it
// returns the first error.
func (d *dialer) race(ctx context.Context, addresses []netip.Addr) (net.Conn, error) {
	began := time.Now()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	attempts := make(chan attempt, len(addresses)) // nobody blocks on it
	next, running := 0, 0
	start := func() {
		a := addresses[next]
		next++
		running++
		go func() { // ends with ctx
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a.String(), d.port))
			attempts <- attempt{c, err, a}
		}()
	}
	start()
	delay := time.NewTicker(dialDelay)
	defer delay.Stop()
	var first error
	for running > 0 {
		select {
		case <-delay.C:
			if next < len(addresses) {
				start()
			}
		case a := <-attempts:
			running--
			if a.err == nil {
				d.names.reached(a.addr)
				go closeLate(attempts, running) // they end with ctx
				return a.conn, nil
			}
			if first == nil {
				first = a.err
			}
			if next < len(addresses) {
				start()
				delay.Reset(dialDelay)
			}
		}
	}
	if !gaveUp(ctx, time.Since(began)) {
		d.names.unreachable()
	}
	return nil, first
}

// gaveUp reports whether dialing ended because somebody left, before it took longer than
// it takes to look a name up. That says nothing about the addresses, and others would
// have to wait for a lookup.
func gaveUp(ctx context.Context, took time.Duration) bool {
	return errors.Is(ctx.Err(), context.Canceled) && took < lookupPatience
}

// closeLate closes the connections that came too late.
func closeLate(attempts <-chan attempt, n int) {
	for range n {
		if a := <-attempts; a.conn != nil {
			_ = a.conn.Close()
		}
	}
}
