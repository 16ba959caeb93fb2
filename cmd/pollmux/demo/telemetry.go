package demo

import (
	"net/http"
	"time"
)

// Telemetry is what the page draws, and the terminal prints.
type Telemetry struct {
	Run     string     `json:"run"` // names this run of the program
	Now     int64      `json:"now"` // all instants are in milliseconds since 1970
	Begun   int64      `json:"begun"`
	Clients int        `json:"clients"` // in the crowd of each lane
	Admin   string     `json:"admin"`
	Setting Setting    `json:"setting"`
	Choices []Interval `json:"choices"`
	Changes [][2]int64 `json:"changes"` // of the scoreboard, lately: number, instant
	Lanes   []LaneNow  `json:"lanes"`
}

// LaneNow is how a lane is doing.
type LaneNow struct {
	Name     string     `json:"name"`
	Requests int        `json:"requests"`   // that the origin got, ever
	Rate     *float64   `json:"per_second"` // nil while nobody knows
	Asked    int64      `json:"asked"`      // requests that the crowd sent, ever
	Failed   int64      `json:"failed"`
	Held     int64      `json:"held"`
	Heard    int        `json:"heard"`    // news that reached somebody, ever
	Median   *float64   `json:"median"`   // seconds
	Hearings [][5]int64 `json:"hearings"` // lately: number, client, change, instant, milliseconds late
}

const (
	// recently is how far back Hearings go in a telemetry, and history in what a
	// page asks for once, when it begins.
	recently = 3 * time.Second
	history  = 40 * time.Second

	// shown is how many clients of a lane are told of one by one.
	shown = 40

	// changesTold is how many changes are told of.
	changesTold = 24
)

func (d *Demo) showTelemetry(w http.ResponseWriter, _ *http.Request) {
	sendJSON(w, d.telemetry(recently))
}

func (d *Demo) showHistory(w http.ResponseWriter, _ *http.Request) { sendJSON(w, d.telemetry(history)) }

// Telemetry returns what there is to be told now.
func (d *Demo) Telemetry() Telemetry { return d.telemetry(recently) }

func (d *Demo) telemetry(back time.Duration) Telemetry {
	now, holding := time.Now(), d.knob.read()
	t := Telemetry{
		Run: d.run, Now: now.UnixMilli(), Begun: d.begun.UnixMilli(), Clients: d.options.Clients,
		Admin: d.AdminURL(), Setting: holding.Setting, Choices: intervals(), Changes: [][2]int64{},
	}
	for _, c := range d.origin.journal.latest(changesTold) {
		t.Changes = append(t.Changes, [2]int64{int64(c.number), c.at.UnixMilli()})
	}
	for _, l := range d.origin.lanes {
		t.Lanes = append(t.Lanes, l.now(now, d.options.Clients, holding, back))
	}
	return t
}

func (l *lane) now(now time.Time, clients int, h *holding, back time.Duration) LaneNow {
	n := LaneNow{
		Name: l.name, Requests: l.requests(), Asked: l.asked.Load(), Failed: l.failed.Load(), Held: l.held.Load(),
		Heard: l.late.count(), Hearings: [][5]int64{},
	}
	if rate, ok := l.meter.perSecond(h.since, rateWindow(h.Setting)); ok {
		n.Rate = &rate
	}
	if median, ok := l.late.median(clients, h.since, now); ok {
		seconds := median.Seconds()
		n.Median = &seconds
	}
	for _, heard := range l.late.since(now.Add(-back)) {
		if heard.client < shown {
			n.Hearings = append(n.Hearings, [5]int64{
				int64(heard.number), int64(heard.client), int64(heard.change), heard.at.UnixMilli(), heard.late.Milliseconds(),
			})
		}
	}
	return n
}

// rateWindow is the time over which a rate is taken: several rounds of the
// slowest, and not much longer, so that it follows the sliders.
func rateWindow(s Setting) time.Duration {
	slowest := max(s.Clients.Duration(), s.Pollmux.Duration())
	return min(max(4*slowest, 5*time.Second), meterMemory)
}
