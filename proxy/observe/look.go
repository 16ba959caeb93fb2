package observe

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// Look is one request while it passes. Its methods are called by whoever relays
// it, one after the other.
type Look struct {
	route   *Route
	began   time.Time
	head    bool   // HEAD: there is no body
	coded   bool   // the client takes bodies in a content coding
	tags    []byte // entity tags that the client has
	fields  []field
	glances [2]glance

	outcome outcome
	body    body
	hash    maphash.Hash
	ended   sync.Once
}

// Failed ends the look at a request that was not answered.
func (x *Look) Failed(now time.Time) {
	x.outcome.ended = now
	x.ended.Do(func() { x.route.observer.guard(x.land) })
}

// answered judges an answer by its head.
func (x *Look) answered(resp *origin.Response, now time.Time) {
	x.outcome.status = resp.Status
	x.outcome.tag = x.tagOf(resp)
	judged := x.asPolled(resp)
	for i, l := range x.route.lenses {
		g := &x.glances[i]
		if g.judge(l, judged); g.leads {
			g.floor = feed.Floor(resp, g.audience, now)
		}
	}
}

// judge says whether an answer could be shared, and learns what it depends on, as
// a feed would.
func (g *glance) judge(l *lens, resp *origin.Response) {
	verdict := l.share.JudgePoll(resp, g.audience, g.vary)
	if g.reason = verdict.Reason; len(verdict.Vary) > 0 && g.reason == "" {
		l.share.Learn(verdict.Vary)
	}
	g.learned = l.share.Vary() != g.vary
}

// asPolled is an answer as a poll would have got it, which does not ask for
// content codings.
func (x *Look) asPolled(resp *origin.Response) *origin.Response {
	if !x.coded || !resp.Header.Has("Content-Encoding") {
		return resp
	}
	plain := origin.Response{Status: resp.Status, Sloppy: resp.Sloppy}
	for _, f := range resp.Header {
		if !strings.EqualFold(f.Name, "Content-Encoding") {
			plain.Header = append(plain.Header, f)
		}
	}
	return &plain
}

// tagOf returns the hash of the entity tag of what the client has now.
func (x *Look) tagOf(resp *origin.Response) uint32 {
	tag := resp.Header.Get("ETag")
	if tag == "" && resp.Status == 304 && strings.Count(string(x.tags), `"`) == 2 {
		tag = string(x.tags)
	}
	if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == "" {
		return 0
	}
	return x.route.observer.hash([]byte(tag))
}

// end takes in the end of the body, and has it read if that has to be done.
func (x *Look) end(now time.Time) {
	x.ended.Do(func() { x.route.observer.guard(func() { x.endOnce(now) }) })
}

func (x *Look) endOnce(now time.Time) {
	if x.outcome.ended.IsZero() {
		x.outcome.ended = now
	}
	o := x.route.observer
	switch {
	case !x.outcome.whole || x.head || x.outcome.status == 304 || x.route.policy.saysNothing(x.outcome.status):
	case !x.body.buffers:
		x.outcome.token = nonzero(x.hash.Sum64())
	case x.body.isSmall():
		x.digest()
	case o.later(func() { x.digest(); x.body.free(o); x.land() }):
		return
	}
	x.body.free(o)
	x.land()
}

// saysNothing reports whether a status says nothing of the resource: the origin
// fails; or it refuses a client that would have been refused anyway, where each is
// asked about by its own credentials.
func (p *Policy) saysNothing(status int) bool {
	return feed.IsFailing(status) || p.Share == config.ShareAuthorize && (status == 401 || status == 403 || status == 407)
}

// land tells everybody.
func (x *Look) land() {
	o, p := &x.outcome, &x.route.policy
	for i, l := range x.route.lenses {
		g := &x.glances[i]
		if g.reason == "" && p.Snapshot > 0 && o.bytes > p.Snapshot {
			g.reason = share.ReasonTooLarge
		}
		if g.reason == "" && o.whole && o.ended.Sub(x.began) > p.Timeout {
			g.reason = reasonEndless
		}
		l.land(g, x, o)
	}
}

// reasonEndless is an answer that takes longer than a poll may.
const reasonEndless share.Reason = "endless"

// nonzero keeps 0 for what is not known.
func nonzero(hash uint64) uint64 { return max(hash, 1) }
