package proxy

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"
)

// A proxy that stops tells everybody, and cuts nobody off:
//
//	Fade ──► /readyz fails; all else goes on
//	Shutdown
//	  ├─► listeners close
//	  ├─► those who are held hear a goodbye, one after the other
//	  ├─► answers say Connection: close
//	  ├─► idle connections: closed once they have been idle for quietAfter
//	  └─► what is left at the end of its context is reset
//
// A client may be sending its next request at the very moment that its idle
// connection is closed. HTTP/1.1 has no way to tell it beforehand, and not every
// client dares to send a request again. The longer a connection has been idle, the
// less likely that is: so one that was used a moment ago is kept until its next
// request, whose answer says that it is the last.

const (
	// goodbyes is how many of those who are held are sent away in a second:
	// each comes back somewhere.
	goodbyes = 500

	// leastSpread is over how long the goodbyes of a few are spread.
	leastSpread = 250 * time.Millisecond

	// quietAfter is after how long a connection counts as idle while the proxy
	// stops.
	quietAfter = 5 * time.Second

	// settlePace is how often it is looked whether everybody has gone.
	settlePace = 20 * time.Millisecond
)

// Fade has [Proxy.Ready] fail from now on. Everything else goes on: it is for load
// balancers to notice before Shutdown.
func (p *Proxy) Fade() { p.leaving.Store(true) }

// Shutdown stops accepting, says goodbye to those who are held, and waits for
// requests under way until ctx ends. Clients that are only connected have half of
// that time. After it nothing of the proxy runs.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.Fade()
	p.draining.Store(true)
	p.closeListeners()
	half := halfOf(ctx)
	p.engine.Drain(spreadOf(p.engine.Len(), half))
	p.settle(ctx, time.Now().Add(half))
	p.gate.closeQuick()
	err := p.shutdownServers(ctx)
	wait(ctx, p.engine.Wait)
	p.close()
	p.retire(ctx, p.witness.Swap(nil), nil)
	return err
}

// halfOf is half of what is left of a context.
func halfOf(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return math.MaxInt64
	}
	return max(time.Until(end)/2, 0)
}

// spreadOf is the time in which so many clients are sent away, at most most.
func spreadOf(held int, most time.Duration) time.Duration {
	return min(max(time.Duration(held)*time.Second/goodbyes, leastSpread), most)
}

// settle waits until nobody is held, and nobody has a connection that fasthttp serves.
// Those that are idle are closed when they have been for long, or when patience ends.
func (p *Proxy) settle(ctx context.Context, patience time.Time) {
	ticker := time.NewTicker(settlePace)
	defer ticker.Stop()
	for {
		quiet := quietAfter
		if !time.Now().Before(patience) {
			quiet = 0
		}
		if p.gate.closeIdle(quiet) == 0 && p.engine.Len() == 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// closeIdle closes the connections of fasthttp on which nothing has come for so long,
// and returns how many others there are: a request may be under way on them, or come
// yet.
func (g *gate) closeIdle(quiet time.Duration) (left int) {
	for _, c := range g.unheld() {
		if c.state.Load() != connIdle || g.now()-c.used.Load() < int64(quiet) || c.hasUnread() || c.isMidway() {
			left++
			continue
		}
		c.retire()
	}
	return left
}

// unheld are the connections that fasthttp has.
func (g *gate) unheld() (all []*conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for at := g.served.Front(); at != nil; at = at.Next() {
		all = append(all, at.Value.(*conn))
	}
	return all
}

func (g *gate) open() []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.conns))
}
