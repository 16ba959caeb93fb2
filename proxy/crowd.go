package proxy

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade"
)

// The limits that the crowd knows, by their names in the configuration.
const (
	limitSubscribers = "subscribers"
	limitFeedsPerIP  = "feeds_per_ip"
)

// crowd counts those who are held, in all, and the feeds that are polled for
// those of one address. Its methods may be called concurrently.
type crowd struct {
	mu               sync.Mutex
	most, feedsPerIP int // limits; 0: none

	held  int
	feeds map[netip.Addr]map[*feed.Feed]int // subscribers, by address and feed
}

func newCrowd(limits config.Limits) *crowd {
	c := &crowd{feeds: map[netip.Addr]map[*feed.Feed]int{}}
	c.limit(limits)
	return c
}

// limit keeps a tenth of the connections for those who only poll, unless the
// configuration says how many may be held. Those who are held stay so.
func (c *crowd) limit(limits config.Limits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most, c.feedsPerIP = limits.Subscribers, limits.FeedsPerIP; c.most == 0 {
		c.most = limits.Connections - limits.Connections/10
	}
}

// join counts a subscriber, until leave, or names the limit that it is beyond.
// An invalid address has any number of feeds.
func (c *crowd) join(from netip.Addr, f *feed.Feed) (limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.feeds[from]
	switch {
	case c.most > 0 && c.held >= c.most:
		return limitSubscribers
	case !from.IsValid():
	case own[f] == 0 && c.feedsPerIP > 0 && len(own) >= c.feedsPerIP:
		return limitFeedsPerIP
	case own == nil:
		c.feeds[from] = map[*feed.Feed]int{f: 1}
	default:
		own[f]++
	}
	c.held++
	return ""
}

func (c *crowd) leave(from netip.Addr, f *feed.Feed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held--
	own := c.feeds[from]
	if own == nil {
		return
	}
	if own[f]--; own[f] == 0 {
		delete(own, f)
	}
	if len(own) == 0 {
		delete(c.feeds, from)
	}
}

// watcher is whom a subscriber's feed is charged to; nobody if that does not
// matter.
func (p *Proxy) watcher(r *request) netip.Addr {
	if r.rules.config.Limits.FeedsPerIP == 0 {
		return netip.Addr{}
	}
	return p.clientOf(r)
}

// withoutHold answers a client that cannot be held. A long poll is answered like
// a plain one, with when to come back: its client would only try again.
func (p *Proxy) withoutHold(r *request, a feed.Answer, limit string) {
	t := r.choice.Transport
	status, text := http.StatusServiceUnavailable, "limits.subscribers is reached, and nobody else can be held"
	if limit == limitFeedsPerIP {
		status, text = http.StatusTooManyRequests, "limits.feeds_per_ip is reached: close a stream of another resource first"
	}
	p.ledger.LimitHit(limit)
	switch t {
	case upgrade.Longpoll:
		r.choice.Wait = 0 // it is not honoured
		p.answerPoll(r, a)
		r.ctx.Response.Header.Set("Retry-After", strconv.Itoa(wholeSeconds(r.route.Interval.Min)))
	case upgrade.SSE:
		r.route.account.Requested(t)
		p.sayFull(r)
	default:
		r.route.account.Requested(t)
		p.refuse(r, newProblem(status, text).after(fullRetry))
	}
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
