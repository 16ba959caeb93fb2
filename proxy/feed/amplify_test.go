package feed

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// demand is what the clients of one resource asked for, and at the same time an
// origin that complains about a poll too many. Unserved, a plain poller would
// have sent one request each time, a subscriber one when it came and one per
// interval, a writer its write.
type demand struct {
	t        *testing.T
	chance   *chance
	interval time.Duration

	mu     sync.Mutex
	polls  int
	gets   int
	writes int // and refreshes: each is allowed one poll that shows its effect
	past   int // of subscribers that left
	here   map[int]time.Time
	named  int
}

// allowedLocked is how many requests the clients would have sent by now.
func (d *demand) allowedLocked() int {
	n := d.gets + d.writes + d.past
	for _, came := range d.here {
		n += d.sends(came)
	}
	return n
}

func (d *demand) sends(came time.Time) int { return int(time.Since(came)/d.interval) + 1 }

// Do implements Origin: it says anything.
func (d *demand) Do(ctx context.Context, _ *origin.Request) (*origin.Response, error) {
	d.mu.Lock()
	if d.polls++; d.polls > d.allowedLocked() {
		d.t.Errorf("poll %d, and clients would have sent %d requests", d.polls, d.allowedLocked())
	}
	d.mu.Unlock()
	if d.chance.of(2) == 0 && !pause(ctx, d.chance.upTo(3*d.interval)) {
		return nil, interrupted(ctx)
	}
	switch d.chance.of(12) {
	case 0:
		return nil, origin.ErrUnreachable
	case 1:
		return response(503, "", "Retry-After", fmt.Sprint(d.chance.of(5))), nil
	case 2:
		return response(500, ""), nil
	case 3:
		return response(304, ""), nil
	case 4:
		return response(200, "mine", "Set-Cookie", "a=b"), nil
	case 5:
		return response(200, "v1", "Cache-Control", fmt.Sprint("max-age=", d.chance.of(5))), nil
	case 6:
		panic("on purpose")
	}
	return response(200, fmt.Sprint(d.chance.of(3)), "ETag", `"same"`), nil
}

func (d *demand) get(r *rig) {
	d.mu.Lock()
	d.gets++
	d.mu.Unlock()
	r.get("/x")
}

func (d *demand) write(r *rig) {
	d.mu.Lock()
	d.writes++
	d.mu.Unlock()
	if d.chance.of(2) == 0 {
		r.feeds.Refresh(func(string, string) bool { return true })
	} else {
		r.feeds.Written(&Write{Targets: []string{"example.com/x"}})
	}
}

// hold is a subscriber for some time, which asks first as the proxy does.
func (d *demand) hold(r *rig, stay time.Duration) {
	d.mu.Lock()
	d.named++
	me := d.named
	came := time.Now()
	d.here[me] = came
	d.mu.Unlock()
	f := r.acquire("/x")
	get(f, KeepNone)
	f.Subscribe(r.share.Vary())
	time.Sleep(stay)
	leave(f)
	d.mu.Lock()
	d.past += d.sends(came)
	delete(d.here, me)
	d.mu.Unlock()
}

func TestTheOriginNeverGetsMoreThanItsClientsWouldHaveSent(t *testing.T) {
	c := newChance(t)
	for range 150 {
		perSecond := []float64{0, 0.2, 1, generous}[c.of(4)]
		inBubbleOf(t, Limits{Feeds: c.of(3)}, perSecond, func(t *testing.T, r *rig) {
			d := &demand{t: t, chance: c, interval: 50*time.Millisecond + c.upTo(10*time.Second), here: map[int]time.Time{}}
			r.other = d
			r.feeds.random = func() float64 { return float64(c.of(1000)) / 1000 }
			r.policy.Interval = d.interval
			r.policy.Linger = c.upTo(3 * d.interval)
			r.policy.StaleWhileRevalidate = c.upTo(3*d.interval) * time.Duration(c.of(2))
			r.policy.StaleIfError = c.upTo(3 * d.interval)
			quiet(r)
			var clients sync.WaitGroup
			for range 1 + c.of(3) {
				clients.Go(func() {
					for range 20 {
						time.Sleep(c.upTo(2 * d.interval))
						switch c.of(5) {
						case 0:
							d.hold(r, c.upTo(5*d.interval))
						case 1:
							d.write(r)
						default:
							d.get(r)
						}
					}
				})
			}
			clients.Wait()
			time.Sleep(time.Hour) // nobody is left to poll for
		})
		if t.Failed() {
			return
		}
	}
}
