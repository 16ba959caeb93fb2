package observe

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// reported is how many names a report has of each sort.
const reported = 8

// leastShare is in how many of its proofs a trait has to hold to be reported.
const leastShare = 0.5

// separators are the traits that separate what differs, the best first.
func (n names) separators() []ledger.Separator {
	return n.best(func(t *tally) int64 { return t.separates }, func(t *tally) ledger.Separator {
		all := t.separates + t.fails
		return ledger.Separator{Kind: t.kind.String(), Name: t.text, Explains: float64(t.separates) / float64(all), Pairs: all}
	}, leastShare)
}

// ruledOut are the traits that differed where bodies did not, and never separated
// anything.
func (n names) ruledOut() []ledger.Separator {
	return n.best(func(t *tally) int64 {
		if t.separates > 0 {
			return 0
		}
		return t.spared
	}, func(t *tally) ledger.Separator {
		return ledger.Separator{Kind: t.kind.String(), Name: t.text, Pairs: t.spared}
	}, 0)
}

// rank is how far down a trait is reported of those that explain as much: a
// cookie whose name begins with "_" is hardly ever the server's.
func (t *tally) rank() kind {
	if t.kind == cookie && strings.HasPrefix(t.text, "_") {
		return header
	}
	return t.kind
}

// best reports the traits that count for something: by share, then by how much
// they explain, then by what is the likelier reason.
func (n names) best(counts func(*tally) int64, report func(*tally) ledger.Separator, least float64) []ledger.Separator {
	var all []*tally
	for _, t := range n {
		if counts(t) > 0 && report(t).Explains >= least {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b *tally) int {
		x, y := report(a), report(b)
		return cmp.Or(cmp.Compare(y.Explains, x.Explains), cmp.Compare(y.Pairs, x.Pairs), cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.text, b.text))
	})
	out := []ledger.Separator{}
	for _, t := range all[:min(len(all), reported)] {
		out = append(out, report(t))
	}
	return out
}
