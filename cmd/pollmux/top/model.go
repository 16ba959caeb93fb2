package top

import (
	"math"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// page is what is looked at.
type page uint8

const (
	table page = iota
	details
	help
)

// model is all that is known and chosen. It is a value: update returns another.
type model struct {
	address string
	pace    time.Duration

	width, height int
	now           time.Time

	history history
	rows    []row // as they were when they were last shown
	all     row
	shown   ledger.Stats
	peak    float64 // of the rates, which the meters are scaled by

	failure string // why there is no reading; "" if there is
	lost    time.Time
	retry   time.Time

	page      page
	route     string // of the details
	scroll    int    // of details and help
	paused    bool
	sort      int // a column
	reverse   bool
	filter    string
	filtering bool // it is being typed
	cursor    int  // of the rows that are shown
	top       int  // the first of them
	first     int  // the first column behind the name
}

func newModel(address string, pace time.Duration) model {
	return model{address: address, pace: pace, width: 80, height: 24, sort: 1, all: row{saved: math.NaN(), clients: math.NaN(), origin: math.NaN()}}
}

// What happens to a model.
type (
	pressed string // a key, by its name: "a", "Up", "F6", "Enter"
	resized struct{ width, height int }
	reading ledger.Stats
	failed  struct {
		err   string
		retry time.Time
	}
	tick time.Time
)

// update is what becomes of a model by an event. quit says that nobody wants to look
// any more.
func (m model) update(event any) (next model, quit bool) {
	switch e := event.(type) {
	case resized:
		m.width, m.height = e.width, e.height
	case tick:
		m.now = time.Time(e)
	case reading:
		m = m.read(ledger.Stats(e))
	case failed:
		if m.failure == "" {
			m.lost = m.now
		}
		m.failure, m.retry = e.err, e.retry
	case pressed:
		m, quit = m.press(string(e))
	}
	return m.within(), quit
}

// read takes in a reading. While the view is paused it is only kept.
func (m model) read(s ledger.Stats) model {
	m.history, m.failure = m.history.with(s), ""
	if !m.paused || len(m.rows) == 0 {
		m = m.show()
	}
	return m
}

// fading is how the scale of the meters comes down after a peak, with each reading.
const fading = 0.97

// show shows the latest reading.
func (m model) show() model {
	if len(m.history) == 0 {
		return m
	}
	selected := m.selected()
	m.rows, m.all = m.history.rows()
	m.shown = m.history.latest()
	m.peak *= fading
	for _, rate := range []float64{m.all.clients, m.all.origin} {
		if rate > m.peak { // never for NaN
			m.peak = rate
		}
	}
	return m.follow(selected)
}

// listed are the rows that are shown, in their order.
func (m model) listed() []row {
	return sorted(filtered(m.rows, m.filter), columns()[m.sort], m.reverse)
}

// selected is the name of the route under the cursor; "" if there is none.
func (m model) selected() string {
	if all := m.listed(); m.cursor < len(all) {
		return all[m.cursor].name
	}
	return ""
}

// follow moves the cursor to a route, wherever that is now.
func (m model) follow(name string) model {
	for i, r := range m.listed() {
		if r.name == name && m.cursor > 0 { // at the top it stays there, as in htop
			m.cursor = i
		}
	}
	return m
}

// within keeps the cursor on a row, and that row in sight.
func (m model) within() model {
	n := len(m.listed())
	m.cursor = max(0, min(m.cursor, n-1))
	room := max(1, m.room())
	m.top = max(0, min(m.top, n-room))
	m.top = max(min(m.top, m.cursor), m.cursor-room+1)
	m.scroll = max(0, min(m.scroll, len(m.text())-m.pageRoom()))
	m.first = max(0, min(m.first, len(columns())-2))
	return m
}

// row returns the route that the details are of.
func (m model) row() (row, bool) {
	for _, r := range m.rows {
		if r.name == m.route {
			return r, true
		}
	}
	return row{}, false
}
