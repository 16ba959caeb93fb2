package demo

import (
	"fmt"
	"time"
)

// Account is what the origin was spared. All of it is counted by the origin:
// the direct lane has as many clients as each of the others, and shows what they
// would have cost.
type Account struct {
	Elapsed time.Duration
	With    int // requests that the origin got by way of the proxy
	Without int // that it would have got from the same clients

	// The same, per second and lately; nil while nobody knows.
	WithRate, WithoutRate *float64
}

// Account returns the account so far.
func (d *Demo) Account() Account {
	t := d.Telemetry()
	a := Account{Elapsed: time.Since(d.begun)}
	direct, others := t.Lanes[0], t.Lanes[1:]
	a.Without = len(others) * direct.Requests
	rate := 0.0
	for _, l := range others {
		a.With += l.Requests
		if l.Rate == nil || direct.Rate == nil {
			return a
		}
		rate += *l.Rate
	}
	without := float64(len(others)) * *direct.Rate
	a.WithRate, a.WithoutRate = &rate, &without
	return a
}

// percent is what is saved of the requests.
func (a Account) percent() int {
	if a.Without == 0 || a.With > a.Without {
		return 0
	}
	return 100 * (a.Without - a.With) / a.Without
}

// line is the account in one line.
func (a Account) line() string {
	elapsed := a.Elapsed.Round(time.Second)
	text := fmt.Sprintf("%d:%02d  origin requests: %d with pollmux, %d without: %d %% saved",
		elapsed/time.Minute, elapsed%time.Minute/time.Second, a.With, a.Without, a.percent())
	if a.WithRate != nil {
		text += fmt.Sprintf(" (now %.1f/s, not %.1f/s)", *a.WithRate, *a.WithoutRate)
	}
	return text
}

// summary is the account at the end.
func (a Account) summary(clients int) string {
	return fmt.Sprintf("In %s, the origin answered %d requests for the 4 x %d clients behind pollmux.\n"+
		"Without pollmux the same clients would have sent %d: %d %% saved.",
		a.Elapsed.Round(time.Second), a.With, clients, a.Without, a.percent())
}
