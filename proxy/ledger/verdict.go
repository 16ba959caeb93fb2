package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Enough is how many pairs of different clients have to be given the same, or how many
// answers would have to be shared within one identity, before nothing differing means
// anything.
const Enough = 100

// Verdict says what an observation means.
type Verdict string

// The verdicts.
const (
	Unknown Verdict = "unknown" // too little was seen
	Same    Verdict = "same"    // different clients were given the same, or would share nothing
	Differs Verdict = "differs" // they were not, at one time
)

// and is the worse of two verdicts.
func (v Verdict) and(o Verdict) Verdict {
	if v == Differs || o == Differs {
		return Differs
	}
	if v == o {
		return v
	}
	return Unknown
}

// Sentence says in plain words whether a route that was observed is safe to share, and
// what that rests on.
func (v Verdict) Sentence(o *Observed) string {
	switch {
	case v == Differs:
		return fmt.Sprintf("safe to share: no. Of %d answers compared, %d certainly differ by client, %s", o.Compared, o.Differing, o.separatedBy())
	case v == Same && o.Alike >= o.Apart:
		return fmt.Sprintf("safe to share: yes, as far as seen. %d answers compared, none differs by client; different clients were given the same %d times", o.Compared, o.Alike)
	case v == Same:
		return fmt.Sprintf("safe to share: yes, as far as seen. %d answers compared, none differs; of %d it is by definition, as only requests with the same credentials would share", o.Compared, o.Apart)
	case o.Compared == 0 && o.forbidden() != "":
		return "safe to share: there is nothing to share. The origin's answers may not be, or the requests: " + o.forbidden()
	case o.Compared == 0:
		return "safe to share: not enough seen yet. No answer could be compared with another's"
	}
	return fmt.Sprintf("safe to share: not enough seen yet. %d answers compared; different clients were given the same %d times, and %d are needed", o.Compared, o.Alike+o.Apart, int64(Enough))
}

// separatedBy names what explains the differences best.
func (o *Observed) separatedBy() string {
	if len(o.Separators) == 0 {
		return "by nothing that is in the requests"
	}
	s := o.Separators[0]
	return fmt.Sprintf("by %s, which explains %.0f %% of %d pairs", s.By(), 100*s.Explains, s.Pairs)
}

// By names what separates.
func (s *Separator) By() string {
	if strings.EqualFold(s.Kind, s.Name) || s.Kind == "address" || s.Kind == "connection" {
		return s.Name
	}
	return s.Kind + " " + s.Name
}

// forbidden names why most requests could not be shared, the most frequent reason
// first; "" if they could.
func (o *Observed) forbidden() string {
	var all int64
	reasons := slices.SortedFunc(maps.Keys(o.Unshareable), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.Unshareable[b], o.Unshareable[a]), cmp.Compare(a, b))
	})
	for i, reason := range reasons {
		all += o.Unshareable[reason]
		reasons[i] = fmt.Sprintf("%s %d times", reason, o.Unshareable[reason])
	}
	if all == 0 || 2*all < o.Requests {
		return ""
	}
	return strings.Join(reasons[:min(len(reasons), 3)], ", ")
}
