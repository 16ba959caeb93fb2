package proxy

import (
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade"
)

// answerPoll answers at once.
func (p *Proxy) answerPoll(r *request, a feed.Answer) {
	r.coding, r.unchanged = r.selects(a.Update)
	answer := pollAnswer(r, a)
	if r.choice.Transport == upgrade.Longpoll {
		answer.Held = min(r.choice.Wait, r.route.Wait)
	}
	r.answer = answerOf(&a)
	answer.Write(r.ctx)
	p.accountPoll(r, a, answer.NotModified || r.head.IsHead())
}

// pollAnswer is what the feed says, as the answer to a request.
func pollAnswer(r *request, a feed.Answer) upgrade.Answer {
	return upgrade.Answer{Update: a.Update, Coding: r.coding, Now: r.now, CacheStatus: cacheStatus(a), Via: via, NotModified: r.unchanged}
}

// accountPoll accounts for a request that was answered at once.
func (p *Proxy) accountPoll(r *request, a feed.Answer, bodiless bool) {
	account := r.route.account
	account.Requested(r.choice.Transport)
	account.Served(r.now.Sub(a.Update.Polled))
	if !a.Caused {
		p.saved(r, a, bodiless)
	}
}

// saved accounts for a request that the origin did not get.
func (p *Proxy) saved(r *request, a feed.Answer, bodiless bool) {
	bytes := len(a.Update.Body)
	if bodiless {
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
