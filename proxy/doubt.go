package proxy

import (
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// reasonDoubt is a client whose credentials a shared poll would not send, on a
// route where such polls have brought nothing of late that may be shared.
const reasonDoubt share.Reason = "seldom-shared"

const (
	deepDoubt = 8           // polls in a row that brought nothing to share
	doubtTime = time.Minute // after which the next one tries again
)

// doubt is whether a route's polls are of any use to clients whose credentials
// they do not send. Who caused one that is not must send a request of its own as
// well: two for one. A feed remembers that of its own resource; this is for those
// who come with another one each time. Its methods may be called concurrently.
type doubt struct {
	epoch  time.Time
	vain   atomic.Int64 // polls in a row
	probed atomic.Int64 // when the last of them began, since epoch
}

// doubts reports whether a poll for the request would be of no use to its client.
func (p *Proxy) doubts(r *request) bool {
	return r.choice.Transport == upgrade.Poll && r.key.Withheld() && !r.unproven && p.feeds.Get(r.key.Bytes()) == nil && r.route.doubt.isDeep(r.now)
}

// wouldPass is isDeep without a look of its own.
func (d *doubt) wouldPass(now time.Time) bool {
	return d.vain.Load() >= deepDoubt && int64(now.Sub(d.epoch))-d.probed.Load() < int64(doubtTime)
}

// isDeep reports whether to pass rather than poll. Once in a while it is not, for
// one request.
func (d *doubt) isDeep(now time.Time) bool {
	if d.vain.Load() < deepDoubt {
		return false
	}
	last, since := d.probed.Load(), int64(now.Sub(d.epoch))
	return since-last < int64(doubtTime) || !d.probed.CompareAndSwap(last, since)
}

// note takes in what a poll brought to the client that caused it. Who is handed the
// response needs no second request.
func (d *doubt) note(a *feed.Answer, now time.Time) {
	switch {
	case a.How != feed.Fetched:
	case a.Update != nil:
		d.vain.Store(0)
	case a.Alone != "" && a.Kept == nil && d.vain.Add(1) == deepDoubt:
		d.probed.Store(int64(now.Sub(d.epoch)))
	}
}
