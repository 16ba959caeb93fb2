package proxy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/authorize"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// claim is what a client of a route with share: authorize has to be let in for,
// and how the origin is asked.
type claim struct {
	authorize.Claim
	ask func(context.Context) authorize.Answer // nil if it held without
}

// resource is what the request is for, whoever asks.
func (r *request) resource() authorize.ID { return r.key.Hash(r.key.Bytes()) }

// reasonRefused is a client that the origin refused this resource to: it gets
// whatever the origin says to it now.
const reasonRefused share.Reason = "refused"

// checksResource reports whether they are let in by the resource itself.
func (r *route) checksResource() bool {
	return r.Share == config.ShareAuthorize && r.Authorize.Path == ""
}

// overrides reports whether an answer that passes through says something else of
// a field than its origin did: a cache on its way must not let another client in
// that the route would not.
func (r *route) overrides(name string) bool {
	return r.Share == config.ShareAuthorize && (strings.EqualFold(name, "Cache-Control") || feed.IsForCaches(name))
}

func (r *route) consents() authorize.Terms {
	return authorize.Terms{TTL: r.Authorize.TTL, Grace: r.StaleIfError, Failing: r.alarm.isFailing}
}

// admitByPath sees to it that the origin lets the client in at authorize.path.
// It reports false if the request has been answered.
func (p *Proxy) admitByPath(r *request) bool {
	p.claimByPath(r)
	if p.register.Holds(r.claim.Claim, r.now) {
		return true
	}
	r.claim.ask = p.inquiry(r.route, "GET", r.scratch, nil, nil)
	return p.inquire(r)
}

// claimByPath makes the claim, and leaves in scratch what the origin is asked.
func (p *Proxy) claimByPath(r *request) {
	r.route.share.Make(&r.key, &r.head, p.askWho(r))
	who, _ := r.key.Who()
	r.scratch = r.key.Inquiry(r.scratch[:0], r.route.Authorize.Path, p.agent, p.trail)
	r.claim = claim{Claim: authorize.Claim{Who: who, What: r.key.Hash(r.scratch)}}
}

// claimByResource does the same where the question is the resource itself. It returns
// how long its head is.
func (p *Proxy) claimByResource(r *request) (head int) {
	who, _ := r.key.Who()
	r.scratch = r.key.Lent(r.scratch[:0], p.agent, p.trail)
	head = len(r.scratch)
	r.scratch = append(append(r.scratch, "\r\n"...), r.key.Body()...)
	r.claim = claim{Claim: authorize.Claim{Who: who, What: r.key.Hash(r.scratch)}}
	return head
}

// admitByResource sees to it that the origin lets the client in to the resource
// of its key, or that what it gets is what its own credentials bring. It reports
// false if the request has been answered.
func (p *Proxy) admitByResource(r *request) bool {
	lent := p.claimByResource(r)
	r.unproven = false
	f := p.feeds.Get(r.key.Bytes())
	fresh := f != nil && f.IsFresh(r.now)
	switch {
	case p.register.Holds(r.claim.Claim, r.now):
		return true
	case r.head.IsHead() || p.onlyIfCached(r):
		p.withoutPoll(r)
		return false
	case !r.askFirst && !fresh && p.provesItself(r):
		r.unproven = true
		return true
	}
	return p.inquireOwn(r, r.scratch[:lent])
}

// provesItself reports whether the poll that the request would cause is likely to
// have the client's own credentials, so that its answer is the answer to the
// client. Nobody is held by the answer to an inquiry, so who is to be held tries.
func (p *Proxy) provesItself(r *request) bool {
	return r.choice.Transport != upgrade.Poll || p.register.Guarded(r.resource(), r.now)
}

// reasonOwn is a client that was answered by the inquiry about it.
const reasonOwn share.Reason = "authorize"

// inquireOwn is inquire about the resource itself, where the answer to a poller
// is the client's own: a refusal always, and consent unless there is a snapshot, or
// the answer depends on what the question left out. So a client that comes once
// costs one request.
func (p *Proxy) inquireOwn(r *request, head []byte) bool {
	var own *origin.Response
	known := r.key.Vary()
	keep := func(resp *origin.Response) bool {
		a := authorize.Answer{Status: resp.Status}
		switch {
		case r.choice.Transport != upgrade.Poll, p.register.Excuses(r.claim.Claim, r.route.consents(), &a, time.Now()),
			a.LetsIn() && (!share.IsOwn(resp, known) || p.isOvertaken(r)), !resp.Detach():
			return false
		}
		own = resp
		return true
	}
	r.claim.ask = p.inquiry(r.route, r.key.Method(), head, r.key.Body(), keep)
	answer := p.question(r)
	r.claim.ask = nil // that one keeps what it is told
	if own == nil {
		return p.obey(r, &answer)
	}
	p.passKept(r, feed.Answer{Alone: reasonOwn, Kept: &feed.Kept{Response: own}})
	return false
}

// isOvertaken reports whether there is a snapshot by the time that the origin lets
// the client in. If there is none, what the client is told now may be newer than what
// a poll brings that is under way.
func (p *Proxy) isOvertaken(r *request) bool {
	f := p.feeds.Get(r.key.Bytes())
	if f == nil || f.IsFresh(time.Now()) {
		return f != nil
	}
	f.Passed()
	return f.IsFresh(time.Now()) // it may have landed just now
}

// inquire asks the origin about the claim. It reports false if the request has
// been answered.
func (p *Proxy) inquire(r *request) bool {
	answer := p.question(r)
	return p.obey(r, &answer)
}

// question waits for what the origin says to the claim.
func (p *Proxy) question(r *request) authorize.Answer {
	answer := p.register.Inquire(r.claim.Claim, r.route.consents(), r.claim.ask)
	r.now, r.askFirst = time.Now(), true
	return answer
}

// obey does what the origin says. It reports false if the request has been
// answered.
func (p *Proxy) obey(r *request, answer *authorize.Answer) bool {
	switch {
	case answer.LetsIn(), p.register.Excuses(r.claim.Claim, r.route.consents(), answer, r.now):
		return true
	case answer.Unknown() && p.wantsEvents(r):
		p.sayFull(r) // a browser would give up for good
	case answer.Err != nil:
		p.refuse(r, problemOf(answer.Err).after(r.route.upstream.retry(answer.Err)))
	default:
		p.refuse(r, notLetIn(answer))
	}
	r.route.account.Requested(r.choice.Transport)
	return false
}

// isStillLetIn sees to it that a poll that took long has not outlasted the
// consent of a client that waited for it, unless it is an answer to that client's
// own credentials. It reports false if the request has been answered.
func (p *Proxy) isStillLetIn(r *request, a *feed.Answer, asked time.Time) bool {
	switch {
	case r.route.Share != config.ShareAuthorize, a.Update == nil, a.Own, r.now.Sub(asked) <= r.route.Authorize.TTL/4,
		p.register.Holds(r.claim.Claim, r.now):
		return true
	case r.claim.ask == nil:
		r.claim.ask = p.askAgain(r)
	}
	return p.inquire(r)
}

// isUnproven reports whether the origin has to be asked about the client before
// it gets the feed's answer.
func isUnproven(a feed.Answer) bool { return errors.Is(a.Err, feed.ErrUnproven) }
