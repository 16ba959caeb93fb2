package legacy

import (
	"sync"
	"time"
)

// Flap meets requests with the fault for a period, with none for as long, and so
// on, from the first request that it sees.
func Flap(period time.Duration, fault Fault) Fault {
	var once sync.Once
	var begin time.Time
	return func(x *Exchange) {
		now := x.conn.origin.clock()
		once.Do(func() { begin = now })
		if now.Sub(begin)/period%2 == 0 {
			orBehave(fault)(x)
			return
		}
		orBehave(nil)(x)
	}
}

// Delay meets requests with the fault a while after they came. A nil fault is a
// slow origin.
func Delay(delay time.Duration, fault Fault) Fault {
	return func(x *Exchange) {
		x.Receive()
		if !x.Pause(delay) {
			x.Close()
			return
		}
		orBehave(fault)(x)
	}
}
