package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func TestManyURLsArePolledOnceEachAndSubscribersStayLive(t *testing.T) {
	alone(t)
	r, err := URLs(t.Context(), URLsOptions{
		Count: 3000, Clients: 8, Addresses: 1, Interval: 100 * time.Millisecond, Body: 500, Allow: 20 * time.Second, Say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Judge() {
		if !p.Good && !strings.HasPrefix(p.Claim, "memory") { // the race detector has its own, and it is too young to be flat
			t.Errorf("%+v", p)
		}
	}
	if r.URLs != 3000 || r.Requests < 3000 || r.Bound <= r.Base || r.Subscribers != 100 {
		t.Errorf("%+v", r)
	}
	mentions(t, written(r.Write), "resident memory", "bound", "3000 URLs", "verdict:")
}

// judgeURLs is the verdict on a good run with one thing changed.
func judgeURLs(change func(b *urls, r *URLsResult)) Verdict {
	b := &urls{
		options: URLsOptions{Count: 1000, Interval: time.Second, Allow: time.Second},
		watch:   newWatch(1, []load.Kind{load.SSE}), crowd: load.NewCrowd("", nil),
	}
	b.watch.kinds[load.SSE].add(500)
	r := &URLsResult{URLs: 1000, Feeds: 5, Subscribers: 1, RSS: [4]int64{1, 100 << 20, 1, 100 << 20}, Highest: 100, Bound: 200, Requests: 1000, Fullest: 0.5}
	change(b, r)
	return b.verdict(r)
}

func TestEachFaultOfManyURLsMakesTheVerdictBadByItself(t *testing.T) {
	if v := judgeURLs(func(*urls, *URLsResult) {}); !v.Good() {
		t.Fatalf("%+v", v)
	}
	for claim, change := range map[string]func(*urls, *URLsResult){
		"every poll was answered 200": func(_ *urls, r *URLsResult) { r.URLs = 999 },
		"memory stays below what limits.feeds (2000) and limits.snapshots (4.0 MiB) allow": func(_ *urls, r *URLsResult) { r.Highest = 201 },
		"memory is flat":                                                   func(_ *urls, r *URLsResult) { r.RSS[3] = 130 << 20 },
		"no more feeds than limits.feeds":                                  func(_ *urls, r *URLsResult) { r.Feeds = 2001 },
		"every subscriber has the last version":                            func(b *urls, _ *URLsResult) { b.behind = 1 },
		"no version came twice, or went back, or was broken":               func(b *urls, _ *URLsResult) { b.watch.strange.Add(1) },
		"99 % of changes heard of within the interval and 1s":              func(b *urls, _ *URLsResult) { b.watch.late.Add(3 * time.Second) },
		"in no 500ms the origin got more than its clients would have sent": func(_ *urls, r *URLsResult) { r.Fullest = 1.001 },
	} {
		if bad := badOnes(judgeURLs(change)); len(bad) != 1 || bad[0] != claim {
			t.Errorf("%q, not %q", bad, claim)
		}
	}
}

func TestAWindowAllowsWhatWasAskedWhatIsUnderWayAndOnePollPerIntervalOfTheHeld(t *testing.T) {
	at := time.Unix(1000, 0)
	b := &urls{options: URLsOptions{Clients: 5, Interval: time.Second}, watch: newWatch(10, nil), looks: []urlsLook{
		{at: at, before: 100, origin: 90, after: 102},
		{at: at.Add(1500 * time.Millisecond), before: 190, origin: 200, after: 200},
	}}
	if all := b.windows(); len(all) != 1 || all[0] != (window{got: 110, most: 100 + 5 + 2*10}) {
		t.Errorf("%+v", all)
	}
}

func TestQuartersAreMediansInOrder(t *testing.T) {
	b := &urls{}
	for i := range 12 {
		b.looks = append(b.looks, urlsLook{rss: int64(i), feeds: int64(100 - i)})
	}
	if got := b.quarters(); got != [4]int64{1, 4, 7, 10} {
		t.Error(got)
	}
	if feeds, rss := b.highest(); feeds != 100 || rss != 11 {
		t.Error(feeds, rss)
	}
}

func TestNoTwoURLsAreTheSame(t *testing.T) {
	seen := map[string]bool{}
	for i := range int64(10_000) {
		seen[urlOf(i)] = true
	}
	if len(seen) != 10_000 {
		t.Error(len(seen))
	}
}
