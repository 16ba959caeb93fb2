package observe

import (
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/share"
)

// account is what a lens has counted.
type account struct {
	requests    int64
	withheld    int64 // that had credentials, which the poll would not have had
	saved       sums
	unshareable map[share.Reason]int64

	compared  int64 // with what they would have been given:
	same      int64
	differing int64 // certainly not because the resource has changed; of the rest nobody knows
	alike     int64 // pairs of different clients that were given the same
	apart     int64 // of the same: between requests with the same credentials
}

// report is what is known.
func (l *lens) report() ledger.Observed {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &l.account
	seen := ledger.Observed{
		Share: string(l.how), Verdict: a.verdict(), Requests: a.requests, Resources: int64(len(l.resources)),
		WouldSaveRequests: a.saved.requests, WouldSaveBytes: a.saved.bytes, WouldSaveOriginSeconds: float64(a.saved.micros) / 1e6,
		Compared: a.compared, Same: a.same, Changed: a.compared - a.same - a.differing, Differing: a.differing, Alike: a.alike, Apart: a.apart,
		CredentialsWithheld: a.withheld, Unshareable: map[string]int64{},
		Separators: l.names.separators(), RuledOut: l.names.ruledOut(),
	}
	for reason, n := range a.unshareable {
		seen.Unshareable[string(reason)] = n
	}
	seen.Why = seen.Verdict.Sentence(&seen)
	return seen
}

// certain is how many answers differ before it is worth a line in the log.
const certain = 10

// warnLocked tells once that clients who would share an answer differ, if they
// would share it as the route is configured.
func (l *lens) warnLocked() {
	if l.warned || l.account.differing < certain || l.how != l.policy.Share {
		return
	}
	l.warned = true
	by := "nothing in the requests"
	if all := l.names.separators(); len(all) > 0 {
		by = all[0].Kind + " " + all[0].Name
	}
	l.observer.log.Warn("observed: clients that would share an answer are given different ones", "route", l.policy.Route, "share", l.how, "separated_by", by)
}

func (a *account) verdict() ledger.Verdict {
	switch {
	case a.differing > 0:
		return ledger.Differs
	case a.compared > 0 && a.alike+a.apart >= ledger.Enough:
		return ledger.Same
	}
	return ledger.Unknown
}
