package demo

import (
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// The lanes, as in their paths.
const (
	Direct    = "direct"
	Poll      = "poll"
	Longpoll  = "longpoll"
	Stream    = "stream"
	WebSocket = "websocket"
)

// lane is one way to watch the scoreboard, and the account of it.
type lane struct {
	name  string
	ways  []watch // the crowd's clients take them in turn
	paths []*legacy.Counter
	late  *lateness
	meter meter

	asked  atomic.Int64 // requests that the crowd has sent
	failed atomic.Int64 // and that were answered badly, or not at all
	held   atomic.Int64 // clients of the crowd that are held now
}

// newLanes returns the five lanes, with a path at the origin for each and each
// interval.
func newLanes(site *legacy.Site, journal *journal) []*lane {
	lanes := []*lane{
		{name: Direct, ways: []watch{poll}},
		{name: Poll, ways: []watch{poll}},
		{name: Longpoll, ways: []watch{longpoll}},
		{name: Stream, ways: []watch{events, lines, parts}},
		{name: WebSocket, ways: []watch{frames}},
	}
	for _, l := range lanes {
		l.late = newLateness(journal)
		for _, i := range intervals() {
			l.paths = append(l.paths, site.Mount("/lanes/"+l.name+"/"+string(i), site.Scores))
		}
	}
	return lanes
}

// path is where the lane's scoreboard is under a setting. Who polls without the
// proxy has nothing to do with the proxy's pace.
func (l *lane) path(s Setting) string {
	interval := s.Pollmux
	if l.name == Direct {
		interval = s.Clients
	}
	return "/lanes/" + l.name + "/" + string(interval) + "/scores"
}

// requests is how many the origin has got by way of this lane, from the crowd
// and from browsers.
func (l *lane) requests() int {
	n := 0
	for _, counter := range l.paths {
		n += counter.Counts().Total
	}
	return n
}

// sample notes the count for the rate.
func (l *lane) sample(now time.Time) { l.meter.note(now, l.requests()) }
