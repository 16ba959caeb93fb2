package bench

import (
	"context"
	"errors"
	"math"
	"time"
)

// urlsLook is everything at one instant.
type urlsLook struct {
	at     time.Time
	before int64 // requests of clients before the origin was asked
	origin int64 // requests that the origin got
	after  int64 // requests of clients after it was
	feeds  int64
	rss    int64
}

// lookEvery is how often there is one.
const lookEvery = 500 * time.Millisecond

// watchOver looks at everything now and then, until done is closed.
func (b *urls) watchOver(done <-chan struct{}) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-done:
			return b.look()
		}
		if err := b.look(); err != nil {
			return err
		}
		if last := b.looks[len(b.looks)-1]; n%20 == 0 {
			b.options.Say("urls: %d of %d, %d feeds, %s resident", last.after, b.options.Count, last.feeds, mebibytes(last.rss))
		}
	}
}

// aftermath goes on looking for a few intervals: of what nobody asks for any
// more, and is still known, nothing may be asked.
func (b *urls) aftermath(ctx context.Context) error {
	for end := time.Now().Add(afterwards * b.options.Interval); time.Now().Before(end); {
		if !wait(ctx, lookEvery) {
			return ctx.Err()
		}
		if err := b.look(); err != nil {
			return err
		}
	}
	return nil
}

const afterwards = 3

// look looks once.
func (b *urls) look() (err error) {
	l := urlsLook{at: time.Now(), before: b.wanderers.Asked.Load()}
	err = errors.Join(b.origin.Ask("count", &l.origin), b.proxy.Ask("feeds", &l.feeds))
	l.after = b.wanderers.Asked.Load()
	rss, failure := b.proxy.RSS()
	l.rss = rss
	b.looks = append(b.looks, l)
	return errors.Join(err, failure)
}

// window is what the origin got between two looks, and what it may have got.
type window struct{ got, most int64 }

// windows compares the looks one by one. Clients are owed what they asked for
// before: one request each. Those who are held would have asked once per
// interval.
func (b *urls) windows() (all []window) {
	for i := 1; i < len(b.looks); i++ {
		from, to := b.looks[i-1], b.looks[i]
		held := int64(math.Ceil(float64(to.at.Sub(from.at)) / float64(b.options.Interval)))
		all = append(all, window{
			got:  to.origin - from.origin,
			most: to.after - from.before + int64(b.options.Clients) + held*int64(len(b.watch.last)),
		})
	}
	return all
}

// highest is the most feeds and the most memory that there was.
func (b *urls) highest() (feeds, rss int64) {
	for _, l := range b.looks {
		feeds, rss = max(feeds, l.feeds), max(rss, l.rss)
	}
	return feeds, rss
}

// quarters are the medians of the memory, quarter by quarter.
func (b *urls) quarters() (rss [4]int64) {
	for i := range rss {
		var all []int64
		for _, l := range b.looks[i*len(b.looks)/len(rss) : (i+1)*len(b.looks)/len(rss)] {
			all = append(all, l.rss)
		}
		rss[i] = medianInt(all)
	}
	return rss
}
