package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pollmux/pollmux/proxy/admin/history"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
)

const (
	// mostFeeds are told of, and manyFeeds are looked at no more often than once
	// in feedsPace.
	mostFeeds = 200
	manyFeeds = 1000
	feedsPace = 10 * time.Second
)

// glance is what the dashboard is told each time.
type glance struct {
	At          time.Time    `json:"at"`
	Began       time.Time    `json:"began"`        // this process, and its counters
	PaceSeconds float64      `json:"pace_seconds"` // until the next one
	Unready     string       `json:"unready"`      // why no client should come; "" if they should
	Stats       ledger.Stats `json:"stats"`
	Now         lately       `json:"now"`
	Feeds       crowd        `json:"feeds"`
	Process     process      `json:"process"`
}

// lately is the last point of the history.
type lately struct {
	Until  time.Time       `json:"until"`
	Totals history.Point   `json:"totals"`
	Routes []history.Point `json:"routes"` // as in the statistics
}

// crowd are the feeds: how many, and some of them; those that are stale first, then
// by clients.
type crowd struct {
	Count int         `json:"count"`
	Stale int         `json:"stale"`
	Top   []feed.Info `json:"top"`
}

// look takes a glance. The goroutine of live alone calls it.
func (a *Admin) look(now time.Time) *glance {
	g := &glance{At: now, Began: a.began, Unready: a.unready(), Stats: a.proxy.Ledger().Stats(), Process: a.meter.read()}
	names := make([]string, len(g.Stats.Routes))
	for i := range g.Stats.Routes {
		names[i] = g.Stats.Routes[i].Name
	}
	g.Now.Until, g.Now.Totals, g.Now.Routes = a.history.Last(names)
	if a.crowd.Count < manyFeeds || now.Sub(a.crowded) >= feedsPace {
		a.crowd, a.crowded = crowdOf(a.proxy.Feeds().List(now)), now
	}
	g.Feeds, g.Stats.StaleFeeds = a.crowd, int64(a.crowd.Stale)
	return g
}

// unready says why the proxy is not ready; "" if it is.
func (a *Admin) unready() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := a.proxy.Ready(ctx); err != nil {
		return err.Error()
	}
	return ""
}

func crowdOf(all []feed.Info) crowd {
	c := crowd{Count: len(all), Stale: int(staleOf(all))}
	slices.SortFunc(all, func(x, y feed.Info) int {
		return cmp.Or(compareBool(x.Stale == "", y.Stale == ""), cmp.Compare(y.Clients, x.Clients), cmp.Compare(x.Route, y.Route), cmp.Compare(x.Feed, y.Feed))
	})
	c.Top = slices.Clone(all[:min(len(all), mostFeeds)])
	return c
}

// staleOf is how many feeds are stale.
func staleOf(all []feed.Info) (n int64) {
	for i := range all {
		if all[i].Stale != "" {
			n++
		}
	}
	return n
}

// compareBool has false come first.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}
