package report

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pollmux/pollmux/proxy/ledger"
)

// Input is what a report is of.
type Input struct {
	Stats   ledger.Stats // of the period
	Seconds float64      // how long that is
	Period  Period
	Price   Price
}

// Period is how a period began.
type Period uint8

// The ways.
const (
	SinceStart   Period = iota // the process was started
	SinceReading               // there was another reading
	SinceRestart               // that was before the process was restarted
)

// Price is what requests cost. Without an amount nothing is said of money.
type Price struct {
	PerMillion float64
	Currency   string
}

// New is the input of all that was counted since the process was started or, if before
// is not nil, since that reading.
func New(now ledger.Stats, before *ledger.Stats) Input {
	if before == nil {
		return Input{Stats: now, Seconds: now.UptimeSeconds}
	}
	in := Input{Period: SinceReading}
	if now.IsAnother(*before) {
		in.Period = SinceRestart
	}
	in.Stats, in.Seconds = now.Since(*before)
	return in
}

// Parse reads what GET /api/stats answered once.
func Parse(text []byte) (s ledger.Stats, err error) {
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("it is not what GET /api/stats answers: %w", err)
	}
	if s.Routes == nil || s.UptimeSeconds <= 0 {
		return s, errors.New("it is not what GET /api/stats answers: it has no routes or no uptime_seconds; save it with curl http://127.0.0.1:9090/api/stats")
	}
	return s, nil
}
