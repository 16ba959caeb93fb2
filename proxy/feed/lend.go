package feed

import (
	"time"

	"github.com/pollmux/pollmux/proxy/share"
)

// Lender is a client whose credentials a poll may borrow, where each client's own
// are checked. Its functions must not block.
type Lender struct {
	// Head is Spec.Head with the client's credentials.
	Head []byte

	// Unproven is set while nobody knows whether the origin lets the client in.
	// It may cause a poll, which is how that is found out, and wait for it, but
	// it gets nothing that another's poll brought.
	Unproven bool

	// Admitted is told that the origin has answered a poll with these
	// credentials which was sent then; Refused, that it has not let them in.
	Admitted func(sent time.Time)
	Refused  func()

	// Over reports whether the client is no longer let in, though it has not
	// left yet; nil: it is.
	Over func() bool
}

// Lending is what a feed needs to know of borrowed credentials. A nil one: polls
// borrow none.
type Lending struct {
	// Guarded is set if the origin is known to refuse polls without.
	Guarded bool

	// Learned is told that it does. It must not block.
	Learned func()
}

// maxRefusals is how many clients in a row, each of which was let in before, may
// be refused before nobody's credentials are borrowed for a while.
const maxRefusals = 2

// Lend adds a client that is about to subscribe to those whose credentials polls
// may borrow, until Unlend.
func (f *Feed) Lend(l *Lender) {
	f.lendersMu.Lock()
	defer f.lendersMu.Unlock()
	if f.lenders == nil {
		f.lenders = map[*Lender]struct{}{}
	}
	f.lenders[l] = struct{}{}
}

// Unlend takes back what Lend added. It may be called more than once.
func (f *Feed) Unlend(l *Lender) {
	f.lendersMu.Lock()
	defer f.lendersMu.Unlock()
	delete(f.lenders, l)
}

// lender picks whose credentials the next poll borrows: those of the client that
// causes it, or of any subscriber. The order is random, so each gets its turn in
// time, and an answer to it renews what is known of it.
func (f *Feed) lender(starter *ask) *Lender {
	if !f.runs.guarded {
		return nil
	}
	if starter != nil && starter.lender != nil {
		return starter.lender
	}
	f.lendersMu.Lock()
	defer f.lendersMu.Unlock()
	for l := range f.lenders {
		if l.Over == nil || !l.Over() {
			return l
		}
	}
	return nil
}

// landRefusal takes in that the origin refuses a poll's credentials, or a poll
// that has none. It concerns whoever lent them, and nobody else: the others'
// poll comes now. It reports false if that is not the case, or has been for too
// many.
func (f *Feed) landRefusal(fl *flight, l landing) bool {
	r := &f.runs
	if f.spec.Lending == nil || l.err != nil || !share.MayRefuse(l.response) {
		return false
	}
	if fl.lender == nil {
		return f.landGuarded(fl, l)
	}
	fl.lender.Refused()
	f.Unlend(fl.lender)
	if !fl.lender.Unproven {
		r.refusals++
	}
	if r.refusals > maxRefusals {
		return false
	}
	f.spec.Meter.Polled(l.took, 0, false, "")
	f.giveRefused(fl, l)
	return true
}

// landGuarded takes in that the origin refuses polls without credentials, if
// there is anybody to borrow them from.
func (f *Feed) landGuarded(fl *flight, l landing) bool {
	r := &f.runs
	if r.guarded {
		return false
	}
	r.guarded = true
	f.spec.Lending.Learned()
	if fl.starter == nil && f.lender(nil) == nil {
		return false
	}
	f.spec.Meter.Polled(l.took, 0, false, "")
	if r.late = append(fl.waiters, r.late...); len(r.late) == 0 {
		r.began = time.Time{}
	}
	l.discard()
	return true
}

// giveRefused gives the origin's answer to whoever lent the credentials, if it
// waits. The others wait on.
func (f *Feed) giveRefused(fl *flight, l landing) {
	r := &f.runs
	for _, a := range fl.waiters {
		if a != fl.starter {
			r.late = append(r.late, a)
			continue
		}
		answer := Answer{Alone: l.verdict.Reason, How: Fetched, Caused: true, Kept: l.kept}
		l.kept = nil
		a.give(answer)
	}
	l.discard()
	if len(r.late) == 0 {
		r.began = time.Time{} // subscribers need not wait for the next
	}
}
