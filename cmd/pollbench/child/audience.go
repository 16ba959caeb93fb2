package child

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
)

// Resumption is what came of readers that stopped and went on.
type Resumption struct {
	audience.Resumed
	State audience.State `json:"state"`
}

// runAudience holds the clients' ends of thousands of conversations. Its verbs:
//
//	join N           connects N clients, and returns when they are answered
//	await VERSION    returns when all of them have it
//	replace          has new clients come for those with small buffers
//	begin            forgets what was counted
//	lap              returns an audience.Lap
//	state            returns an audience.State, and so do join, await and replace
//	churn RATE MS    lets so many per second come and go, for so long, and returns at once
//	stop             lets those with small buffers read no more, and returns how many
//	resume VERSION   lets them go on, and returns a Resumption when they have it
func runAudience(o audience.Options, l net.Listener, s Standard) error {
	o.Read = func(snapshot []byte) (version, published int64, ok bool) {
		told, ok := ParseSnapshot(snapshot)
		return told.Version, told.Asked, ok
	}
	a, err := audience.New(o)
	if err != nil {
		return err
	}
	defer a.Close()
	return s.obey(l.Addr().String(), verbs{
		"join":    numbered(func(n int64) (any, error) { return a.Join(int(n)) }),
		"await":   numbered(func(version int64) (any, error) { return a.Await(version) }),
		"replace": func(string) (any, error) { return a.Replace() },
		"begin":   func(string) (any, error) { a.Begin(); return nil, nil },
		"lap":     func(string) (any, error) { return a.Lap(), nil },
		"state":   func(string) (any, error) { return a.State(), nil },
		"churn": func(argument string) (any, error) {
			var rate int
			var ms int64
			if _, err := fmt.Sscanf(argument, "%d %d", &rate, &ms); err != nil {
				return nil, fmt.Errorf("churn %q: %w", argument, err)
			}
			a.Churn(rate, time.Duration(ms)*time.Millisecond)
			return nil, nil
		},
		"stop": func(string) (any, error) { return a.Stop(), nil },
		"resume": numbered(func(version int64) (any, error) {
			r, state, err := a.Resume(version)
			return Resumption{Resumed: r, State: state}, err
		}),
	})
}

// numbered is a verb with a number.
func numbered(verb func(int64) (any, error)) func(string) (any, error) {
	return func(argument string) (any, error) {
		n, err := strconv.ParseInt(argument, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", argument)
		}
		return verb(n)
	}
}
