package bench

import (
	"fmt"
	"io"
	"time"
)

// URLsResult is the outcome of URLs.
type URLsResult struct {
	URLs        int64     `json:"urls"`
	Seconds     float64   `json:"seconds"`
	Subscribers int       `json:"subscribers"`
	Late        Quantiles `json:"change_to_client_ms"`
	Feeds       int64     `json:"feeds_highest"`
	RSS         [4]int64  `json:"rss_bytes"` // medians by quarters
	Base        int64     `json:"rss_bytes_before"`
	Highest     int64     `json:"rss_bytes_highest"`
	Bound       int64     `json:"rss_bytes_bound"`
	Requests    int64     `json:"origin_requests"`
	Fullest     float64   `json:"fullest_window"` // part of what the origin may get in a window
	Verdict     Verdict   `json:"verdict"`
}

// What a feed may take beside its snapshot, and how much more than what is in use
// there may be: the garbage collector lets the heap grow to twice that.
const (
	urlsPerFeed = 16 << 10
	urlsGarbage = 2
)

func (b *urls) result() *URLsResult {
	feeds, rss := b.highest()
	r := &URLsResult{
		URLs: b.wanderers.Answered.Load(), Seconds: rounded(b.took.Seconds()), Subscribers: len(b.watch.last),
		Late: quantiles(&b.watch.late), Feeds: feeds, RSS: b.quarters(), Base: b.looks[0].rss, Highest: rss,
		Bound:    b.looks[0].rss + urlsGarbage*(urlsFeeds*urlsPerFeed+urlsSnapshots),
		Requests: b.looks[len(b.looks)-1].origin - b.looks[0].origin,
	}
	for _, w := range b.windows() {
		r.Fullest = max(r.Fullest, rounded(float64(w.got)/float64(w.most)))
	}
	r.Verdict = b.verdict(r)
	return r
}

// verdict judges a run.
func (b *urls) verdict(r *URLsResult) Verdict {
	var v Verdict
	lost := b.crowd.Dropped()
	v.add(r.URLs == int64(b.options.Count), "every poll was answered 200", "%d of %d", r.URLs, b.options.Count)
	v.add(r.Highest <= r.Bound, fmt.Sprintf("memory stays below what limits.feeds (%d) and limits.snapshots (%s) allow", urlsFeeds, mebibytes(urlsSnapshots)),
		"%s of %s", mebibytes(r.Highest), mebibytes(r.Bound))
	v.add(float64(r.RSS[3]) <= growth*float64(r.RSS[1])+growthRSS, "memory is flat", "%s, then %s", mebibytes(r.RSS[1]), mebibytes(r.RSS[3]))
	v.add(r.Feeds <= urlsFeeds && r.Feeds > 0, "no more feeds than limits.feeds", "%d", r.Feeds)
	v.add(len(lost) == 0, "no subscriber was dropped", "%s", dropped(lost))
	v.add(b.behind == 0 && b.watch.deliveries() > 0, "every subscriber has the last version", "%d of %d", r.Subscribers-b.behind, r.Subscribers)
	v.add(b.watch.strange.Load() == 0, "no version came twice, or went back, or was broken", "%d", b.watch.strange.Load())
	p99 := b.watch.late.Quantile(0.99)
	v.add(p99 <= b.options.Interval+b.options.Allow, fmt.Sprintf("99 %% of changes heard of within the interval and %v", b.options.Allow), "%v", p99.Round(time.Millisecond))
	v.add(r.Fullest <= 1 && r.Requests > 0, fmt.Sprintf("in no %v the origin got more than its clients would have sent", lookEvery), "%.0f %% at most, %d in all", 100*r.Fullest, r.Requests)
	return v
}

// Write tells the outcome.
func (r *URLsResult) Write(w io.Writer) {
	t := newTable("urls", "first quarter", "second", "third", "last", "highest", "bound")
	t.add("resident memory", mebibytes(r.RSS[0]), mebibytes(r.RSS[1]), mebibytes(r.RSS[2]), mebibytes(r.RSS[3]), mebibytes(r.Highest), mebibytes(r.Bound))
	t.write(w)
	s := newTable("subscribers meanwhile", "p50", "p99", "max")
	s.add("change to client", fmt.Sprintf("%.1f ms", r.Late.P50), fmt.Sprintf("%.1f ms", r.Late.P99), fmt.Sprintf("%.1f ms", r.Late.Max))
	s.write(w)
	fmt.Fprintf(w, "%d URLs in %.0f s, %d origin requests.\n\n", r.URLs, r.Seconds, r.Requests)
	r.Verdict.Write(w)
}

// Ratios returns none: the verdict has its bounds.
func (r *URLsResult) Ratios() map[string]Spread { return nil }

// Judge returns the verdict.
func (r *URLsResult) Judge() Verdict { return r.Verdict }
