package proxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// coalesce answers a request of a coalesced route from a poll, if it can. It returns
// false, and has answered nothing, if the rules have changed under it in a way that
// matters.
func (p *Proxy) coalesce(r *request) bool {
	if !p.mayCoalesce(r) {
		return true
	}
	for range tries {
		r.route.share.Make(&r.key, &r.head, r.ask)
		if r.key.Lacks() {
			p.refuse(r, lacksCredentials())
			return true
		}
		if r.route.checksResource() && !p.admitByResource(r) {
			return true
		}
		if err := p.answer(r); !errors.Is(err, errAgain) {
			return !errors.Is(err, feed.ErrOutdated)
		}
	}
	p.pass(r, share.ReasonLearning)
	return true
}

// mayCoalesce reports whether a request may be answered from a poll. Otherwise it has
// been answered.
func (p *Proxy) mayCoalesce(r *request) bool {
	if r.preflight = r.route.isPreflight(&r.head); r.preflight {
		p.pass(r, share.ReasonMethod)
		return false
	}
	if r.route.guards() && !p.admitByPath(r) {
		return false
	}
	if refused, reason := p.unfit(r); p.isOver(r, refused, reason) {
		return false
	}
	if r.head.Length != 0 && !p.collectBody(r) {
		return false
	}
	refused, reason := p.choose(r)
	return !p.isOver(r, refused, reason)
}

// unfit says what the head of a request decides before anything else of it is looked
// at: it is refused, or passed on for a reason, or neither.
func (p *Proxy) unfit(r *request) (refused *problem, reason share.Reason) {
	reason = r.route.share.Coalescable(&r.head)
	if reason != "" && string(r.head.Method) != http.MethodOptions && p.lacks(r) {
		return lacksCredentials(), ""
	}
	return nil, reason
}

// choose chooses how the client is served, or says that it is refused, or passed on
// for a reason.
func (p *Proxy) choose(r *request) (refused *problem, reason share.Reason) {
	if r.head.Upgrade && hasSubprotocol(&r.head) {
		return nil, share.ReasonUpgrade // whatever it is, it is the origin's
	}
	return p.negotiate(r), ""
}

// isOver does what was decided, and reports whether something was.
func (p *Proxy) isOver(r *request, refused *problem, reason share.Reason) bool {
	switch {
	case refused != nil:
		p.refuse(r, refused)
	case reason != "":
		p.pass(r, reason)
	default:
		return false
	}
	return true
}

// answer tries to answer from the feed of the request's key. errAgain means
// that the key has to be made again, and feed.ErrOutdated that the request has to
// begin again, by the rules of now; nothing has been said to the client then.
func (p *Proxy) answer(r *request) error {
	if r.route.guards() && p.isRefused(r) {
		p.pass(r, reasonRefused)
		return nil
	}
	if r.choice.Transport == upgrade.Poll && !r.unproven {
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
	if r.choice.Transport == upgrade.WebSocket && p.isKnownToBeNone(r) {
		p.pass(r, noSnapshot)
		return nil
	}
	if p.doubts(r) {
		p.pass(r, reasonDoubt)
		return nil
	}
	f, err := p.feeds.AcquireIn(r.rules.era, r.key.Bytes(), func() *feed.Spec { return p.spec(r) })
	if errors.Is(err, feed.ErrOutdated) {
		return err
	}
	if err != nil {
		p.withoutFeed(r, err)
		return nil
	}
	a, ok := f.Hit(r.now)
	if !ok || r.unproven {
		a = f.AskFor(context.Background(), r.cause(), p.wouldKeep(r), p.lender(r, nil))
		if r.key.Withheld() {
			r.route.doubt.note(&a, r.now)
		}
		asked := r.now
		if r.now = time.Now(); !p.isStillLetIn(r, &a, asked) {
			f.Release()
			return nil
		}
	}
	held, err := p.deliver(r, f, a)
	if !held {
		f.Release()
	}
	return err
}

// wouldKeep says what of a poll's own response, if it turns out to be for
// nobody else, the client that caused it would take: what its own request would
// have got. On a public route the poll had no credentials, and an EventSource
// that says where it left off wants something else.
func (p *Proxy) wouldKeep(r *request) feed.Keep {
	switch {
	case r.key.Withheld() && r.route.Share != config.ShareAuthorize: // where it may be what its credentials brought
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
		Order:    r.rules.order,
		Key:      string(r.key.Bytes()),
		Target:   r.key.Target(),
		Site:     r.route.site(&r.head),
		Identity: string(r.key.Identity()),
		Audience: r.key.Audience(),
		Method:   r.key.Method(),
		Head:     r.key.Request(nil, p.agent, p.trail),
		Body:     bytes.Clone(r.key.Body()),
		Share:    r.route.share,
		Vary:     r.key.Vary(),
		Keyed:    r.key.Keyed(),
		Terms:    r.route.terms,
		Lending:  p.lending(r),
		Offer:    r.route.compresses(r.key.Audience()).whole,
		Meter:    r.route.account,
		Outage:   r.route.upstream.outage,
		Log:      p.log,
		Tracer:   r.route.tracer,
		Alarm:    r.route.alarm,
	}
}

// deliver turns the feed's answer into the client's. held says that a
// subscriber has taken over the reference to the feed.
func (p *Proxy) deliver(r *request, f *feed.Feed, a feed.Answer) (held bool, err error) {
	r.askFirst = r.askFirst || isUnproven(a)
	if !r.key.Current() || isUnproven(a) || errors.Is(a.Err, feed.ErrClosed) && (r.unproven || !p.Draining()) {
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
