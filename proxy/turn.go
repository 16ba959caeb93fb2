package proxy

import (
	"context"
	"errors"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/origin"
)

// turn waits until the upstream may be asked something that is none of its polls,
// but counts as one. It returns what has to be given the answer, nil if there is
// none. It fails if the origin wants to be left alone, or its budget is used up
// until the end of ctx.
func (u *upstream) turn(ctx context.Context) (over func(*origin.Response), err error) {
	if time.Now().Before(u.outage.Resting()) {
		return nil, feed.ErrResting
	}
	began := time.Now()
	landed := func(time.Duration) {}
	if u.dispatcher != nil {
		if landed, err = u.dispatcher.Turn(ctx); errors.Is(err, feed.ErrResting) {
			return nil, err
		} else if err != nil {
			return nil, feed.ErrBudget
		}
		began = time.Now()
	}
	return func(resp *origin.Response) {
		took := time.Duration(0)
		if resp != nil {
			took = time.Since(began)
			feed.HeedInquiry(resp, began, time.Now(), u.outage, u.dispatcher)
		}
		landed(took)
	}, nil
}

// retry is when whoever was refused for that may come again; 0 if nobody knows.
func (u *upstream) retry(why error) time.Duration {
	switch {
	case errors.Is(why, feed.ErrResting):
		return max(time.Until(u.outage.Resting()), 0)
	case errors.Is(why, feed.ErrBudget):
		return time.Second
	}
	return 0
}

// budget tells the operator what became of the upstream's budget.
func (u *upstream) budget() ledger.Budget {
	s, turns, refusals := u.dispatcher.State()
	return ledger.Budget{
		Upstream: u.name, BudgetPerSecond: s.Full, RatePerSecond: s.Rate, Requests: turns, Refused: refusals,
		RestingSeconds: max(time.Until(s.Rest).Seconds(), 0), Scheduled: s.Scheduled, Stretched: s.Stretched,
		Waiting: s.Waiting, InFlight: s.InFlight, AtOnce: s.AtOnce,
	}
}
