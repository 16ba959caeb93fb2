package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// coalesce answers a request of a coalesced route from a poll, if it can.
func (p *Proxy) coalesce(r *request) {
	if reason := share.Coalescable(&r.head); reason != "" {
		p.pass(r, reason)
		return
	}
	if r.head.Upgrade && hasSubprotocol(&r.head) {
		// Whatever it is, it is the origin's.
		p.pass(r, share.ReasonUpgrade)
		return
	}
	if refused := p.negotiate(r); refused != nil {
		p.refuse(r, refused)
		return
	}
	for range tries {
		r.route.share.Make(&r.key, &r.head, r.ask)
		if err := p.answer(r); !errors.Is(err, errAgain) {
			return
		}
	}
	p.pass(r, share.ReasonLearning)
}

// negotiate chooses the transport and takes out of the request what pollmux
// reads itself.
func (p *Proxy) negotiate(r *request) *problem {
	wish := upgrade.Wish{
		WebSocket: r.head.IsWebSocket(), Accept: r.head.Joined(head.Accept), Prefer: r.head.Joined(head.Prefer),
	}
	if name := r.route.WaitQuery; name != "" {
		wish.Wait = queryValue(r.head.Query, name)
	}
	if name := r.route.TransportQuery; name != "" {
		wish.Transport = queryValue(r.head.Query, name)
	}
	var ok bool
	if r.choice, ok = upgrade.Negotiate(wish, r.route.serve); r.head.IsHead() {
		// Nobody is held for a head.
		r.choice, ok = upgrade.Choice{Transport: upgrade.Poll, Accept: r.choice.Accept}, true
	}
	if !ok {
		return notServed(r.choice.Transport)
	}
	r.ask = share.Ask{
		Accept: r.choice.Accept, Origin: r.choice.Transport == upgrade.WebSocket, Query: r.route.reads,
		Trusted: len(p.trusted) > 0 && p.peerOf(r).trusted,
	}
	r.have = r.head.Joined(head.IfNoneMatch)
	if name := r.route.WaitQuery; name != "" && r.have == nil {
		r.have = quoted(queryValue(r.head.Query, name+"_etag"))
	}
	if r.choice.Transport == upgrade.WebSocket {
		return p.checkHandshake(r)
	}
	if r.choice.Transport == upgrade.SSE {
		r.ask.Query = append(r.ask.Query[:len(r.ask.Query):len(r.ask.Query)], lastEventParam)
	}
	return nil
}

// lastEventParam names the version that an EventSource has, where it cannot set
// a header.
const lastEventParam = "last_event_id"

// notServed refuses a transport that the route leaves out.
func notServed(t upgrade.Transport) *problem {
	if t == upgrade.WebSocket {
		return newProblem(http.StatusUpgradeRequired, "this route is not served over WebSocket").with("Upgrade", "HTTP/1.1").with("Connection", "Upgrade")
	}
	if t == upgrade.Pass {
		return newProblem(http.StatusNotAcceptable, "the parameter of transport_query takes poll, longpoll, sse, ndjson or multipart")
	}
	return newProblem(http.StatusNotAcceptable, "this route is not served as "+t.String())
}

// queryValue returns the raw value of a parameter, nil if it is not there.
func queryValue(query []byte, name string) []byte {
	for rest := query; len(rest) > 0; {
		var param []byte
		param, rest, _ = bytes.Cut(rest, []byte{'&'})
		if key, value, _ := bytes.Cut(param, []byte{'='}); string(key) == name {
			return value
		}
	}
	return nil
}

// quoted makes an entity tag of a value that may have come without quotes, or
// with encoded ones.
func quoted(value []byte) []byte {
	if value == nil {
		return nil
	}
	value = bytes.ReplaceAll(value, []byte("%22"), []byte(`"`))
	if bytes.IndexByte(value, '"') >= 0 {
		return value
	}
	return append(append([]byte{'"'}, value...), '"')
}

// answer tries to answer from the feed of the request's key. errAgain means
// that the key has to be made again.
func (p *Proxy) answer(r *request) error {
	if r.choice.Transport == upgrade.Poll {
		if f := p.feeds.Get(r.key.Bytes()); f != nil {
			if a, ok := f.Hit(r.now); ok {
				_, err := p.deliver(r, f, a)
				return err
			}
		}
	}
	if r.head.IsHead() || p.onlyIfCached(r) {
		p.withoutPoll(r)
		return nil
	}
	f, err := p.feeds.Acquire(r.key.Bytes(), func() *feed.Spec { return p.spec(r) })
	if err != nil {
		p.withoutFeed(r, err)
		return nil
	}
	a, ok := f.Hit(r.now)
	if !ok {
		a = f.Ask(context.Background(), p.wouldKeep(r))
		r.now = time.Now()
	}
	held, err := p.deliver(r, f, a)
	if !held {
		f.Release()
	}
	return err
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
	p.refuse(r, newProblem(http.StatusGatewayTimeout, "there is no fresh snapshot, and only-if-cached forbids to fetch one"))
}

// withoutFeed serves a request for which there is no room in the live set: it
// passes through, as if there were no proxy.
func (p *Proxy) withoutFeed(r *request, err error) {
	if errors.Is(err, feed.ErrFull) {
		p.ledger.LimitHit("feeds")
		p.pass(r, share.ReasonLimit)
		return
	}
	p.refuse(r, newProblem(http.StatusServiceUnavailable, "pollmux is stopping").after(fullRetry).hangUp())
}

// wouldKeep says what of a poll's own response, if it turns out to be for
// nobody else, the client that caused it would take: what its own request would
// have got. On a public route the poll had no credentials, and an EventSource
// that says where it left off wants something else.
func (p *Proxy) wouldKeep(r *request) feed.Keep {
	switch {
	case r.key.Withheld():
		return feed.KeepNone
	case r.choice.Transport == upgrade.Poll, r.choice.Transport == upgrade.Longpoll:
		return feed.KeepAny
	case r.choice.Transport == upgrade.SSE && !r.head.Has(head.LastEventID):
		return feed.KeepEvents
	}
	return feed.KeepNone
}

// spec describes the feed of the request's key.
func (p *Proxy) spec(r *request) *feed.Spec {
	return &feed.Spec{
		Route:    r.route.Name,
		Key:      string(r.key.Bytes()),
		Target:   r.key.Target(),
		Identity: string(r.key.Identity()),
		Audience: r.key.Audience(),
		Head:     r.key.Request(nil, p.agent, p.trail),
		Origin:   r.route.upstream.polls,
		Share:    r.route.share,
		Vary:     r.key.Vary(),
		Policy:   r.route.feeds,
		Meter:    r.route.account,
	}
}

// deliver turns the feed's answer into the client's. held says that a
// subscriber has taken over the reference to the feed.
func (p *Proxy) deliver(r *request, f *feed.Feed, a feed.Answer) (held bool, err error) {
	if !r.key.Current() || errors.Is(a.Err, feed.ErrClosed) && !p.Draining() {
		a.Discard()
		return false, errAgain
	}
	switch {
	case a.Kept != nil:
		p.passKept(r, a)
	case a.Alone != "":
		p.pass(r, a.Alone)
	case a.Err != nil && r.choice.Transport != upgrade.SSE:
		r.route.account.Requested(r.choice.Transport)
		p.refuse(r, problemOf(a.Err).after(a.RetryAfter))
	case r.choice.Transport == upgrade.Poll:
		p.answerPoll(r, a)
	default:
		return p.hold(r, f, a)
	}
	return false, nil
}

// answerPoll answers at once.
func (p *Proxy) answerPoll(r *request, a feed.Answer) {
	answer := upgrade.Answer{
		Update: a.Update, Now: r.now, CacheStatus: cacheStatus(a), Via: via,
		NotModified: a.Update.NotModified(r.have, r.head.Get(head.IfModifiedSince)),
	}
	if r.choice.Transport == upgrade.Longpoll {
		answer.Held = min(r.choice.Wait, r.route.Wait)
	}
	answer.Write(r.ctx)
	account := r.route.account
	account.Requested(r.choice.Transport)
	account.Served(r.now.Sub(a.Update.Polled))
	if !a.Caused {
		p.saved(r, a, answer.NotModified)
	}
}

// saved accounts for a request that the origin did not get.
func (p *Proxy) saved(r *request, a feed.Answer, notModified bool) {
	bytes := len(a.Update.Body)
	if notModified || r.head.IsHead() {
		bytes = 0
	}
	r.route.account.Saved(bytes, a.Took)
}

// cacheStatus says how the answer came to be (RFC 9211).
func cacheStatus(a feed.Answer) string {
	switch {
	case a.How == feed.Hit && a.Detail == "":
		return "pollmux; hit"
	case a.How == feed.Hit:
		return "pollmux; hit; detail=" + a.Detail
	case a.How == feed.Collapsed && a.Renewal:
		return "pollmux; fwd=stale; collapsed"
	case a.How == feed.Collapsed:
		return "pollmux; fwd=miss; collapsed"
	case a.Renewal:
		return "pollmux; fwd=stale; stored"
	}
	return "pollmux; fwd=miss; stored"
}
