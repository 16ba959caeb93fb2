package feed

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// errConfused is a 304 to a poll without conditions, or one that this feed
// cannot make sense of.
var errConfused = errors.New("the origin answers 304 to an unconditional request")

// reasonEndless is an answer that does not end.
const reasonEndless share.Reason = "endless"

// land takes in what a poll brought.
func (f *Feed) land(l landing) {
	r := &f.runs
	fl := r.flight
	r.flight = nil
	fl.cancel()
	defer f.wanted.Store(false)
	defer func() { f.report(fl, l, false) }()
	if fl.terms.Way != f.terms.Load().Way {
		defer f.forget()
	}
	if fl.trace != nil {
		defer func(before uint64) { f.traceEnd(fl, l, r.version != before) }(r.version)
	}
	f.endFanout()
	f.regroup(fl, l)
	if fl.aborted || l.err == nil && (f.isOvertaken(fl) || f.hasForgotten(fl, l)) {
		// Whoever waited needs the poll that comes now.
		r.aborted = true
		f.spec.Meter.Polled(l.took, 0, false, "")
		l.discard()
		r.late = append(fl.waiters, r.late...)
		return
	}
	r.began, r.tried, r.told, r.showed = fl.began, fl.generation, fl.urgent, fl.refreshes
	if f.landRefusal(fl, l) {
		return
	}
	if fl.lender != nil && l.err == nil && !share.MayRefuse(l.response) {
		r.refusals = 0
		if l.response.Status != 304 { // an origin may look at the feed's condition first, and at nothing else
			fl.lender.Admitted(fl.began)
		}
	}
	known := f.Latest().Update != nil
	switch {
	case l.err == nil && l.verdict.Reason == "" && l.response.Status == 304 && (!known || r.etag+r.lastModified == "" || l.response.From != r.from):
		l.err = errConfused
	case l.endless && !known:
		// Of one that was whole before, the origin fails.
		l.err, l.verdict.Reason = nil, reasonEndless
	}
	switch {
	case l.err != nil:
		f.landFailure(fl, l)
	case l.verdict.Reason != "":
		f.landAlone(fl, l)
	case l.response.Status == 304:
		f.landRenewal(fl, l)
	default:
		f.landSnapshot(fl, l)
	}
}

// hasForgotten reports whether an answer is about the feed's last one as servers named
// it that are asked by other means since the poll began.
func (f *Feed) hasForgotten(fl *flight, l landing) bool {
	return l.response.Status == 304 && f.runs.etag+f.runs.lastModified == "" && fl.terms.Origin != f.terms.Load().Origin
}

// landRenewal keeps the version: it is still current. What the 304 says takes the
// place of what the answer said (RFC 9111 section 3.2).
func (f *Feed) landRenewal(fl *flight, l landing) {
	h := l.response.Header
	f.learn(l.verdict.Vary)
	u := *f.Latest().Update
	u.Header = replaced(u.Header, f.sharedFields(h))
	if h.Has("Cache-Control") {
		u.CacheControl = f.cacheControl(h)
	}
	if h.Has("Last-Modified") {
		u.LastModified = f.laterDate(h.Get("Last-Modified"))
	}
	f.renew(fl, l, &u, true)
}

// landSame keeps the version, and takes over what else the new answer says if it
// is the same to the byte: fields may describe what was ignored.
func (f *Feed) landSame(fl *flight, l landing) {
	h := l.response.Header
	u := *f.Latest().Update
	u.CacheControl = f.cacheControl(h)
	if bytes.Equal(u.Body, l.body) {
		u.Header, u.LastModified = f.sharedFields(h), f.laterDate(h.Get("Last-Modified"))
	}
	f.renew(fl, l, &u, false)
}

func (f *Feed) renew(fl *flight, l landing, u *upgrade.Update, notModified bool) {
	h := l.response.Header
	u = u.Renewed(u.CacheControl, dateOf(h, l.received), fl.began, l.received, ageOf(h))
	u.Vary = f.vary(u.Vary, h)
	f.spec.Meter.Polled(l.took, int64(len(l.body)), notModified, "")
	f.succeed(fl, l, u, f.Latest().Stale != "")
}

// landSnapshot compares the answer with what was known.
func (f *Feed) landSnapshot(fl *flight, l landing) {
	r := &f.runs
	h := l.response.Header
	old := f.Latest().Update
	r.etag, r.lastModified, r.from = "", "", nil
	if l.response.Status == 200 {
		r.etag, r.lastModified, r.from = h.Get("ETag"), conclusiveDate(h), l.response.From
	}
	f.learn(l.verdict.Vary)
	if old != nil && f.isSame(old, l) {
		f.landSame(fl, l)
		return
	}
	r.version++
	l.changed = true
	l.instant, _ = instantOf(l.response, l.body, fl.began, l.received, f.policy().ChangedAt)
	taken := newCharge(f.set, len(l.body))
	f.keep(taken)
	u := f.newUpdate(fl, l, old, taken)
	if len(f.policy().Ignore) > 0 {
		r.essence = sha256.Sum256(essence(l.body, f.policy().Ignore))
	}
	f.spec.Meter.Polled(l.took, int64(len(l.body)), false, "")
	f.spec.Meter.Updated()
	f.traceFanout(fl, r.version, l.received)
	f.succeed(fl, l, u, true)
	f.set.trim()
}

// isSame reports whether an answer is the version that is known already.
func (f *Feed) isSame(old *upgrade.Update, l landing) bool {
	if old.Status != l.response.Status || old.Type != l.response.Header.Get("Content-Type") {
		return false
	}
	if bytes.Equal(old.Body, l.body) {
		return true
	}
	ignore := f.policy().Ignore
	return len(ignore) > 0 && f.runs.essence == sha256.Sum256(essence(l.body, ignore))
}

// learn takes in what the answer turned out to depend on. Subscribers that came
// before may be owed another answer, and nobody knows which: they connect again.
// Waiters find out by themselves that their key is no longer current.
func (f *Feed) learn(names []string) {
	if len(names) == 0 {
		return
	}
	f.spec.Share.Learn(names)
	f.runs.known = f.spec.Share.Vary()
	if f.subscribers.Load() > 0 {
		f.revoke(upgrade.ErrMoved)
	}
}

// succeed publishes an update and answers those who waited.
func (f *Feed) succeed(fl *flight, l landing, u *upgrade.Update, wake bool) {
	r := &f.runs
	renewal := f.Latest().Update != nil
	r.refused, r.vouched = time.Time{}, fl.began
	f.recovered(fl, l)
	f.report(fl, l, true)
	r.floor = l.received.Add(f.floorOfVersion(l))
	r.next = maxTime(fl.began.Add(f.policy().Interval), r.floor) // the rest of the interval depends on who comes
	fresh := maxTime(fl.began.Add(f.interval()), r.floor)
	if f.wasAlone(fl) {
		fresh = fl.began // the next poller asks for a later one
	}
	if !r.over {
		f.publish(&view{state: &upgrade.State{Update: u}, generation: fl.generation, fresh: fresh, took: l.took}, wake)
	}
	fl.give(Answer{Update: u, Took: l.took, How: Collapsed, Renewal: renewal})
}

// give answers those who waited. One of them caused the poll.
func (fl *flight) give(answer Answer) {
	for _, a := range fl.waiters {
		own := answer
		if own.Caused = a == fl.starter; own.Caused && own.How == Collapsed {
			own.How, own.Own = Fetched, fl.lender != nil && fl.lender == a.lender
		}
		a.give(own)
	}
}

// publicReason says why a feed is stale, without addresses.
func publicReason(err error) string {
	var status errStatus
	switch {
	case errors.As(err, &status):
		return "the origin answers " + strconv.Itoa(int(status))
	case errors.Is(err, errConfused):
		return errConfused.Error()
	}
	for _, known := range []error{ErrResting, ErrBudget, origin.ErrUnreachable, origin.ErrTimeout, origin.ErrMalformed, origin.ErrTooLarge, origin.ErrTruncated} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the origin cannot be polled"
}
