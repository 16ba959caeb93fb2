package proxy

import (
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/authorize"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade"
)

// lender is the client as one whose credentials a poll may borrow; nil where none
// does. tenure, if there is one, ends when the origin refuses them.
func (p *Proxy) lender(r *request, tenure *authorize.Tenure) *feed.Lender {
	if r.route.Share != config.ShareAuthorize {
		return nil
	}
	own, register, terms, byResource := r.claim, p.register, r.route.consents(), r.route.checksResource()
	resource := r.resource()
	l := &feed.Lender{Head: r.key.Lent(nil, p.agent, p.trail), Unproven: r.unproven && tenure == nil, Admitted: func(time.Time) {}}
	if byResource {
		l.Admitted = func(sent time.Time) { register.Grant(own.Claim, sent, terms) }
	}
	if tenure != nil {
		l.Over = tenure.IsOver
	}
	l.Refused = func() {
		if now := time.Now(); byResource {
			register.Revoke(own.Claim)
		} else {
			register.Deny(authorize.Claim{Who: own.Who, What: resource}, now, now.Add(terms.TTL))
		}
		if tenure != nil {
			tenure.End()
		}
	}
	return l
}

// lending is what the feed of the request's key needs to know of that.
func (p *Proxy) lending(r *request) *feed.Lending {
	if r.route.Share != config.ShareAuthorize {
		return nil
	}
	resource, register := r.resource(), p.register
	return &feed.Lending{
		Guarded: register.Guarded(resource, r.now),
		Learned: func() { register.Guard(resource, time.Now()) },
	}
}

// isRefused reports whether the origin refused the resource to this client,
// although it lets it in otherwise.
func (p *Proxy) isRefused(r *request) bool {
	return p.register.Denied(authorize.Claim{Who: r.claim.Who, What: r.resource()}, r.now)
}

// tenure begins the tenure of a client that is about to be held; nil where none is
// needed.
func (p *Proxy) tenure(r *request) *authorize.Tenure {
	if r.route.Share != config.ShareAuthorize {
		return nil
	}
	ask := r.claim.ask
	if ask == nil {
		ask = p.askAgain(r)
	}
	return p.register.Hold(r.claim.Claim, r.route.consents(), ask)
}

// passTenure is the tenure of a client whose answer is passed on, which may take
// for ever; nil where the origin itself was asked for it.
func (p *Proxy) passTenure(r *request) *authorize.Tenure {
	if !r.route.guards() || r.preflight || !r.head.IsSafe() {
		return nil
	}
	return p.tenure(r)
}

// endWith has end called when a tenure is over, until leave is. A nil one never is.
func (p *Proxy) endWith(t *authorize.Tenure, end func()) (leave func()) {
	if t == nil {
		return func() {}
	}
	t.OnOver(end)
	return t.Leave
}

// tenant is the feed as a client sees it whom the origin may stop letting in.
type tenant struct {
	upgrade.Source
	tenure *authorize.Tenure
}

// Latest implements upgrade.Source.
func (t *tenant) Latest() *upgrade.State {
	state := t.Source.Latest()
	if !t.tenure.IsOver() {
		return state
	}
	return &upgrade.State{Update: state.Update, Ended: upgrade.ErrRevoked}
}
