package proxy

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// alarmPause is how often a route's trouble is told at most: an origin that
// fails now and then, or for ten thousand feeds, must not fill the log.
const alarmPause = 10 * time.Second

// alarm tells the operator when polls of a route begin to fail, and when none
// does any more, and that passed requests fail. Its methods may be called
// concurrently.
type alarm struct {
	log   *slog.Logger
	route string

	mu      sync.Mutex
	failing int       // feeds
	told    time.Time // when it was told last that polls fail
	why     string    // what was told then
	open    bool      // it was told, and not that they succeed again

	passToldAt time.Time // when it was told last that passed requests fail
	untold     int       // of those that failed
}

// passFailed tells of a passed request that failed, unless its client is to
// blame: anybody could fill the log with those.
func (a *alarm) passFailed(what, id string, failure error) {
	if errors.Is(failure, origin.ErrRequestBody) {
		a.log.Debug(what, "route", a.route, "id", id, "error", failure)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.untold++
	if now := time.Now(); now.Sub(a.passToldAt) >= alarmPause {
		a.log.Warn(what, "route", a.route, "id", id, "error", failure, "requests", a.untold)
		a.passToldAt, a.untold = now, 0
	}
}

// Failing implements feed.Alarm.
func (a *alarm) Failing(failure error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing++
	a.tellLocked(failure)
}

// StillFailing implements feed.Alarm. What began too soon after the last trouble to be
// told is told now, and so is another reason: the log must not end with what is over.
func (a *alarm) StillFailing(failure error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open || a.why != failure.Error() {
		a.tellLocked(failure)
	}
}

func (a *alarm) tellLocked(failure error) {
	if now := time.Now(); now.Sub(a.told) >= alarmPause {
		a.told, a.why, a.open = now, failure.Error(), true
		a.log.Warn("polls fail", "route", a.route, "error", failure, "feeds", a.failing)
	}
}

// isFailing reports whether polls of any feed of the route fail.
func (a *alarm) isFailing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failing > 0
}

// Recovered implements feed.Alarm.
func (a *alarm) Recovered(after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failing--
	if a.failing > 0 || !a.open {
		return
	}
	a.open = false
	if after > 0 {
		a.log.Info("polls succeed again", "route", a.route, "after", after.Round(time.Millisecond))
	} else {
		a.log.Info("nobody wants what failed any more", "route", a.route)
	}
}
