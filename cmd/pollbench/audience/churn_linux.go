package audience

import (
	"time"

	"golang.org/x/sys/unix"
)

// churn is clients that come and go. It belongs to the loop.
type churn struct {
	rate    int
	began   time.Time
	ends    time.Time
	came    int
	staying []*client // in the order in which they leave
}

// stay is how long a client stays. Many have been answered by then.
const stay = 500 * time.Millisecond

// atOnce bounds what comes after the loop was kept busy.
const atOnce = 64

// manners are the ways to go, in turn: with a reset or politely; after the first half
// of a request, either way; and at once.
const manners = 5

// Churn lets clients come and go for a while, so many of each per second. It returns
// at once; the state tells how many there were, and when all have gone.
func (a *Audience) Churn(rate int, d time.Duration) {
	a.do(func() {
		now := time.Now()
		a.churn = &churn{rate: rate, began: now, ends: now.Add(d)}
		a.state.Churning, a.state.Came = true, 0
	})
}

// comeAndGo lets come and go whose time it is.
func (a *Audience) comeAndGo(now time.Time) {
	h := a.churn
	if h == nil {
		return
	}
	for len(h.staying) > 0 && !now.Before(h.staying[0].leaves) {
		a.depart(h.staying[0])
		h.staying = h.staying[1:]
	}
	if !now.Before(h.ends) {
		if len(h.staying) == 0 {
			a.churn, a.state.Churning = nil, false
		}
		return
	}
	due := int(now.Sub(h.began).Seconds() * float64(h.rate))
	for range min(due-h.came, atOnce) {
		h.came++
		a.state.Came++
		if err := a.visit(h, h.came%manners, now); err != nil {
			a.state.Dropped++
			a.fault(err)
		}
	}
}

// visit lets a client come, who will go in some manner.
func (a *Audience) visit(h *churn, manner int, now time.Time) error {
	c, err := a.connect(manner == 2 || manner == 3)
	if err != nil {
		return err
	}
	c.leaves, c.rude = now.Add(stay), manner%2 == 0
	if manner == 4 {
		a.depart(c)
		return nil
	}
	h.staying = append(h.staying, c)
	return nil
}

// depart lets a client go, if it is still there.
func (a *Audience) depart(c *client) {
	if c.closed {
		return
	}
	if !c.rude {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	if c.arrived {
		a.state.Held--
	}
	a.close(c, c.rude)
}
