package proxy

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// noSnapshot is a resource that does not exist, or has no content. The origin
// may know what a WebSocket is there.
const noSnapshot share.Reason = "no-snapshot"

// The limits on what is kept, by their names in the configuration.
const (
	limitFeeds          = "feeds"
	limitSnapshot       = "snapshot"
	limitSnapshots      = "snapshots"
	limitAuthorizations = "authorizations"
)

// noneTime is for how long that is believed of handshakes, so that each of them
// costs the origin one request and not two.
const noneTime = time.Minute

// isKnownToBeNone reports whether a poll would only say again that there is no
// snapshot.
func (p *Proxy) isKnownToBeNone(r *request) bool {
	f := p.feeds.Get(r.key.Bytes())
	return f != nil && r.key.Current() && f.HasNone(r.now.Add(-noneTime))
}

// onlyIfCached reports whether the client wants no request sent for it (RFC 9111
// section 5.2.1.7).
func (p *Proxy) onlyIfCached(r *request) bool {
	return bytes.Contains(bytes.ToLower(r.head.Joined(head.CacheControl)), []byte("only-if-cached"))
}

// withoutPoll answers what may not cause a poll, and could not be answered
// without.
func (p *Proxy) withoutPoll(r *request) {
	if r.head.IsHead() {
		p.pass(r, share.ReasonMethod)
		return
	}
	r.route.account.Requested(r.choice.Transport)
	p.refuse(r, newProblem(http.StatusGatewayTimeout, "this needs a request to the origin, which only-if-cached forbids"))
}

// withoutFeed serves a request for which there is no room in the live set: a
// poll passes through, as if there were no proxy. Nobody can be held.
func (p *Proxy) withoutFeed(r *request, err error) {
	text := "pollmux is stopping"
	if errors.Is(err, feed.ErrFull) {
		limit := limitFeeds
		if errors.Is(err, feed.ErrFullOfBytes) {
			limit = limitSnapshots
		}
		p.ledger.LimitHit(limit)
		if r.choice.Transport == upgrade.Poll {
			p.pass(r, share.ReasonLimit)
			return
		}
		text = "limits." + limit + " is reached, and nobody else can be held"
	}
	r.route.account.Requested(r.choice.Transport)
	if r.choice.Transport == upgrade.SSE {
		p.sayFull(r)
		return
	}
	p.refuse(r, newProblem(http.StatusServiceUnavailable, text).after(fullRetry).hangUp())
}
