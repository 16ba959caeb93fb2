package feed

import (
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// aloneTime is how long requests pass through after an answer that may not be
// shared, before the next tries again.
const aloneTime = time.Minute

// landAlone sends those who waited on, each with its own request. Subscribers
// never see such an answer: for them the feed is stale until there is one that
// they may see.
func (f *Feed) landAlone(fl *flight, l landing) {
	r := &f.runs
	now := time.Now()
	f.spec.Meter.Polled(l.took, int64(len(l.body)), false, "")
	refused := f.spec.Identity != "" && isRefusal(l.response.Status)
	if refused {
		f.revoke(upgrade.ErrRevoked)
	}
	failures := r.failures + 1 // it fails those who hold it
	f.recovered(fl, l)
	r.failures = failures
	r.refused = time.Time{}
	pause := schedule.Backoff(r.failures, f.pace(), f.set.random())
	r.next = maxTime(fl.began.Add(pause), now.Add(floor(l.response, f.spec.Audience, now)))
	f.turnStale(keptFromOthers(l.verdict.Reason))
	v := *f.view.Load()
	v.alone, v.reason = now.Add(aloneTime), l.verdict.Reason
	f.publish(&v, false)
	if refused {
		f.set.follow(f, &v)
	}
	f.giveAlone(fl, l)
}

// keptFromOthers says why a feed is stale whose origin answers, but to one alone.
func keptFromOthers(reason share.Reason) string {
	return "the origin's answer may not be shared: " + string(reason)
}

// isKeptFromOthers reports whether the feed is stale for that, and not as its
// origin fails.
func (f *Feed) isKeptFromOthers() bool {
	v := f.view.Load()
	return v.reason != "" && v.state.Stale == keptFromOthers(v.reason)
}

// giveAlone gives the response itself to whoever caused it.
func (f *Feed) giveAlone(fl *flight, l landing) {
	for _, a := range append(fl.waiters, f.runs.late...) {
		answer := Answer{Alone: l.verdict.Reason, How: Collapsed}
		if a == fl.starter {
			answer.How = Fetched
			if l.kept != nil {
				answer.Kept, answer.Caused, l.kept = l.kept, true, nil
			}
		}
		a.give(answer)
	}
	f.runs.late = nil
	l.discard()
}

// isRefusal reports whether a status says that these credentials are not, or no
// longer, good.
func isRefusal(status int) bool { return status == 401 || status == 403 || status == 407 }

// revoke ends the feed for those who hold it: who comes from now on gets
// another.
func (f *Feed) revoke(why error) {
	f.runs.over = true
	f.set.retire(f, false)
	v := f.view.Load()
	f.publish(v.with(upgrade.State{Update: v.state.Update, Ended: why}), true)
}
