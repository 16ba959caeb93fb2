package logs

import (
	"fmt"
	"math"
	"time"
)

// shares say what part of the lines each kind has, and how many lines one actor has
// on average, roughly.
var shares = [Kinds]struct{ lines, each float64 }{
	Steady: {0.20, 90}, Jittery: {0.10, 60}, Hidden: {0.05, 90}, Backoff: {0.02, 14}, Slow: {0.01, 5}, Brief: {0.02, 3}, Busted: {0.07, 80}, Cursor: {0.06, 90},
	Own: {0.04, 30}, Held: {0.02, 30}, Shared: {0.03, 200}, Roaming: {0.02, 60}, Posting: {0.02, 40},
	Browsing: {0.20, 30}, Reloading: {0.02, 12}, Robot: {0.04, 200}, Disguised: {0.02, 300}, Paging: {0.01, 60}, Monitor: {0.03, 1000}, Scanner: {0.02, 40},
}

// casting makes an actor of each kind.
var casting = [Kinds]func(w *world) actor{
	Steady:    func(w *world) actor { return w.poller(0.03*w.Float64(), w.count(90)) },
	Jittery:   func(w *world) actor { return w.poller(0.3, w.count(60)) },
	Hidden:    func(w *world) actor { p := w.poller(0.1, w.count(90)); p.hides = 0.03; return p },
	Backoff:   castBackoff,
	Slow:      castSlow,
	Brief:     func(w *world) actor { return w.poller(0.1, 1+w.IntN(5)) },
	Busted:    castBusted,
	Cursor:    castCursor,
	Own:       castOwn,
	Held:      castHeld,
	Shared:    castShared,
	Roaming:   func(w *world) actor { p := w.poller(0.1, w.count(60)); p.roams = 0.12; return p },
	Posting:   castPosting,
	Browsing:  func(w *world) actor { return &surfer{who: w.person(), left: w.count(5)} },
	Reloading: castReloading,
	Robot:     castRobot,
	Disguised: castDisguised,
	Paging:    castPaging,
	Monitor:   castMonitor,
	Scanner:   castScanner,
}

// who is a client.
type who struct{ addr, agent string }

var agents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.1 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%[1]d.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.4 Mobile/15E148 Safari/604.1",
	"ScoreApp/%d.2 (Android 14)",
}

// person is somebody new. One in five is behind an address that others have too.
func (w *world) person() who {
	w.people++
	p := who{addr: w.address(), agent: fmt.Sprintf(agents[w.IntN(len(agents))], 110+w.IntN(20))}
	if w.IntN(5) == 0 {
		p.addr = fmt.Sprintf("198.51.100.%d", w.IntN(40))
	}
	return p
}

func (w *world) address() string {
	return fmt.Sprintf("%d.%d.%d.%d", 11+w.IntN(180), w.IntN(256), w.IntN(256), 1+w.IntN(254))
}

// count is a number of requests with that mean, at least 4 or so.
func (w *world) count(mean float64) int {
	return 4 + int((mean-4)*w.ExpFloat64())
}

// thinks is how long a person takes: seconds mostly, sometimes minutes.
func (w *world) thinks(median float64) time.Duration {
	return seconds(median * math.Exp(1.1*w.NormFloat64()))
}

// zipf is a number below n; small ones are much more frequent.
func (w *world) zipf(n int) int { return int(math.Pow(float64(n), w.Float64())) - 1 }
