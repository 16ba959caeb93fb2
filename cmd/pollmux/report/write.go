package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/proxy/share"
)

// How many lines the lists have at most, so that all is one page.
const (
	mostRoutes   = 8
	mostObserved = 6
	mostReasons  = 6
)

// Write writes the page.
func Write(w io.Writer, in Input) error {
	p := &page{}
	p.headline(&in)
	p.routes(&in)
	p.observed(&in)
	p.unsaved(&in)
	p.price(&in)
	p.assumptions(&in)
	_, err := io.WriteString(w, strings.TrimRight(p.String(), "\n")+"\n")
	return err
}

// page is a text of paragraphs.
type page struct{ strings.Builder }

func (p *page) say(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) headline(in *Input) {
	t := &in.Stats.Totals
	p.say("# What pollmux saved\n")
	p.say("%s\n", in.period())
	without, with := t.WithoutPollmux(), t.WithPollmux()
	switch {
	case without == 0 && with == 0:
		p.say("**There were no requests.**\n")
		return
	case with >= without:
		p.say("**Nothing was saved: the origin answered %s requests; its clients would have sent it %s.**\n", count(with), count(without))
	default:
		p.say("**The origin answered %s requests instead of %s: %s fewer** (%s a second instead of %s).\n", count(with), count(without), fewer(with, without), rate(with, in.Seconds), rate(without, in.Seconds))
	}
	p.polled(in)
	p.say("| Requests | |")
	p.say("|---|---:|")
	p.say("| that clients sent and the origin would have got (measured) | %s |", count(without-t.SavedRequestsEstimated))
	p.say("| that clients would have sent while they were held (estimated) | %s |", count(t.SavedRequestsEstimated))
	p.say("| that the origin got (measured) | %s |", count(with))
	p.say("| answered without one to the origin (measured) | %s |\n", count(t.SavedRequestsMeasured))
	p.say("Measured savings: %s requests, %s and %s of the origin's time. Without the estimate, the origin still got %s.%s\n",
		count(t.SavedRequestsMeasured), size(t.SavedBytes), span(t.SavedOriginSeconds), fewerOrMore(with, without-t.SavedRequestsEstimated), in.money(without-with))
}

// polled says the same of the routes whose clients pollmux polls for, where there are
// others that dilute it.
func (p *page) polled(in *Input) {
	var without, with int64
	for i := range in.Stats.Routes {
		if r := &in.Stats.Routes[i]; r.Observed == nil && !onlyPasses(r) {
			without, with = without+r.WithoutPollmux(), with+r.WithPollmux()
		}
	}
	if all := in.Stats.Totals.WithoutPollmux(); with < without && without < all {
		p.say("On the routes whose clients it polls for: %s instead of %s, **%s fewer**. The other routes pass everything.\n", count(with), count(without), fewer(with, without))
	}
}

// period says of when the figures are.
func (in *Input) period() string {
	from := in.Stats.TakenAt.Add(-time.Duration(in.Seconds * float64(time.Second)))
	how := map[Period]string{
		SinceStart: "since pollmux was started", SinceReading: "between two readings",
		SinceRestart: "since pollmux was restarted; what came before is lost",
	}[in.Period]
	return fmt.Sprintf("%s to %s UTC: %s, %s.", from.UTC().Format("2006-01-02 15:04"), in.Stats.TakenAt.UTC().Format("2006-01-02 15:04"), span(in.Seconds), how)
}

// money says what saved requests would have cost; "" if nobody has said.
func (in *Input) money(saved int64) string {
	if in.Price.PerMillion <= 0 || saved <= 0 || in.Seconds <= 0 {
		return ""
	}
	cost := float64(saved) / 1e6 * in.Price.PerMillion
	month := cost / in.Seconds * (30 * 24 * time.Hour).Seconds()
	return fmt.Sprintf(" At %s per million requests, the %s fewer are worth %s, or %s in 30 days at this rate.",
		in.amount(in.Price.PerMillion), count(saved), in.amount(cost), in.amount(month))
}

func (in *Input) amount(n float64) string {
	text := fmt.Sprintf("%.2f", n)
	if n < 0.01 {
		text = fmt.Sprintf("%.2g", n)
	}
	return strings.TrimSpace(text + " " + escape(in.Price.Currency))
}

// routes has a line for each route whose clients pollmux polls for.
func (p *page) routes(in *Input) {
	var all []ledger.RouteStats
	for _, r := range in.Stats.Routes {
		if r.Observed == nil && r.WithoutPollmux()+r.WithPollmux() > 0 && !onlyPasses(&r) {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b ledger.RouteStats) int {
		return cmp.Or(cmp.Compare(b.WithoutPollmux()-b.WithPollmux(), a.WithoutPollmux()-a.WithPollmux()), cmp.Compare(a.Name, b.Name))
	})
	p.say("## By route\n")
	p.say("| Route | Without pollmux | With it | Fewer | Saved, measured | Saved, estimated | Origin time saved | Bytes saved | Age p50, p99 |")
	p.say("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for i := range all[:min(len(all), mostRoutes)] {
		r := &all[i]
		p.say("| %s | %s | %s | %s | %s | %s | %s | %s | %s |", escape(r.Name), count(r.WithoutPollmux()), count(r.WithPollmux()), fewer(r.WithPollmux(), r.WithoutPollmux()),
			count(r.SavedRequestsMeasured), count(r.SavedRequestsEstimated), span(r.SavedOriginSeconds), size(r.SavedBytes), ages(r.StalenessSeconds))
	}
	if rest := all[min(len(all), mostRoutes):]; len(rest) > 0 {
		var without, with int64
		for i := range rest {
			without, with = without+rest[i].WithoutPollmux(), with+rest[i].WithPollmux()
		}
		p.say("| %d others | %s | %s | %s | | | | | |", len(rest), count(without), count(with), fewer(with, without))
	}
	p.say("")
}

// onlyPasses reports whether nothing of a route was polled for.
func onlyPasses(r *ledger.RouteStats) bool {
	return r.WithoutPollmux() == r.ClientRequests.Pass && r.UpstreamRequests.Poll == 0 && len(r.Unshared) == 0
}

// observed has what routes in mode observe would save, and whether they may.
func (p *page) observed(in *Input) {
	var all []ledger.RouteStats
	for _, r := range in.Stats.Routes {
		if r.Observed != nil {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b ledger.RouteStats) int {
		return cmp.Or(cmp.Compare(b.Observed.WouldSaveRequests, a.Observed.WouldSaveRequests), cmp.Compare(a.Name, b.Name))
	})
	p.say("## What more could be saved\n")
	p.say("Routes in mode `observe`: all of their requests went to the origin, and these are not in the figures above as saved.\n")
	p.say("| Route | Shared as | Requests | The origin would have got | Fewer | Origin time | Safe to share |")
	p.say("|---|---|---:|---:|---:|---:|---|")
	for i := range all[:min(len(all), mostObserved)] {
		for o := all[i].Observed; o != nil; o = o.IfPublic {
			how := escape(o.Share)
			if o != all[i].Observed {
				how += ", if it were set"
			}
			p.say("| %s | %s | %s | %s | %s |", escape(all[i].Name), how, count(o.Requests), would(o), escape(safety(o)))
		}
	}
	if rest := len(all) - mostObserved; rest > 0 {
		p.say("| %d others | | | | | | |", rest)
	}
	p.say("")
}

// would is what there would be left of the requests. Nothing is promised of a route that
// must not be shared like that.
func would(o *ledger.Observed) string {
	if o.Verdict == ledger.Differs {
		return "– | – | –"
	}
	left := o.Requests - o.WouldSaveRequests
	return count(left) + " | " + fewer(left, o.Requests) + " | " + span(o.WouldSaveOriginSeconds)
}

// safety is the verdict's sentence without its beginning, which is the column's title.
func safety(o *ledger.Observed) string {
	return strings.TrimPrefix(o.Verdict.Sentence(o), "safe to share: ")
}

// unsaved says what went to the origin all the same.
func (p *page) unsaved(in *Input) {
	t := &in.Stats.Totals
	byRoute := t.ClientRequests.Pass
	reasons := slices.SortedFunc(maps.Keys(t.Unshared), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.Unshared[b], t.Unshared[a]), cmp.Compare(a, b))
	})
	for _, n := range t.Unshared {
		byRoute -= n
	}
	if t.Observed != nil {
		byRoute -= t.Observed.Requests
	}
	if len(reasons) == 0 && byRoute <= 0 {
		return
	}
	p.say("## What was not saved, and why\n")
	if byRoute > 0 {
		p.say("- %s requests: their routes pass everything (`mode: pass`)", count(byRoute))
	}
	for _, reason := range reasons[:min(len(reasons), mostReasons)] {
		p.say("- %s requests: %s (%s)", count(t.Unshared[reason]), escape(share.Reason(reason).Sentence()), escape(reason))
	}
	if rest := reasons[min(len(reasons), mostReasons):]; len(rest) > 0 {
		var n int64
		for _, reason := range rest {
			n += t.Unshared[reason]
		}
		p.say("- %s requests for %d other reasons", count(n), len(rest))
	}
	p.say("")
}

// price says what clients pay for it.
func (p *page) price(in *Input) {
	t := &in.Stats.Totals
	if t.StalenessSeconds == (ledger.Quantiles{}) {
		return
	}
	p.say("## What it cost\n")
	p.say("Half of the answers were at most %s old, and 99 of 100 at most %s, the interval and the way included. %s of %s requests to the origin failed.\n",
		span(t.StalenessSeconds.P50), span(t.StalenessSeconds.P99), count(t.UpstreamErrors), count(t.WithPollmux()))
}

func (p *page) assumptions(in *Input) {
	p.say("## What the figures rest on\n")
	p.say("- *Without pollmux* is what clients sent to be polled or passed, and the estimate. *With it* is every request that pollmux sent, checks of authorization and polls for those who are held included.")
	p.say("- *Measured*: a request was answered, long polls and the beginnings of streams included, and none was sent for it; time and bytes are those of the poll whose answer it got.")
	p.say("- *Estimated*: seconds that clients were held ÷ the interval of their route%s. Without pollmux they would have polled at that pace, for as long. The estimate is apart, and has no share in bytes or time.", intervals(in.Stats.Routes))
	if in.Stats.Totals.Observed != nil {
		p.say("- *Observed*: the rules of coalescing, replayed on requests that passed. \"As far as seen\" is what it says: other users may differ.")
	}
	p.say("- Ages are upper bounds%s. The account is one process's, and begins anew with it.\n", map[bool]string{true: "", false: ", and since the start of the process"}[in.Period == SinceStart])
	p.say("To reproduce: save `/api/stats` of the admin listener as `before.json`, wait, and run `pollmux report --since before.json`.")
}

// intervals names the paces that the estimate assumes.
func intervals(routes []ledger.RouteStats) string {
	least, most := 0.0, 0.0
	for i := range routes {
		if s := routes[i].IntervalSeconds; routes[i].SavedRequestsEstimated > 0 && s > 0 {
			if least == 0 || s < least {
				least = s
			}
			most = max(most, s)
		}
	}
	switch {
	case least == 0:
		return ""
	case least == most:
		return ", which is " + span(least)
	}
	return fmt.Sprintf(", which are %s to %s", span(least), span(most))
}
