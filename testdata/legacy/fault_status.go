package legacy

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Status answers with that status and a short text instead of the answer; 304
// is one to a request that may not be conditional at all.
func Status(status int) Fault {
	return func(x *Exchange) {
		x.Receive()
		x.Respond(failure(status))
	}
}

// RetryAfter is Status, 429 or 503 in general, with the seconds, rounded up,
// after which to come again.
func RetryAfter(status int, after time.Duration) Fault {
	seconds := (after + time.Second - 1) / time.Second
	return func(x *Exchange) {
		x.Receive()
		answer := failure(status)
		answer.Header.Set("Retry-After", fmt.Sprint(int64(seconds)))
		x.Respond(answer)
	}
}

// RetryAfterDate is RetryAfter with the time at which to come again, which HTTP
// tells to the second, here rounded up.
func RetryAfterDate(status int, after time.Duration) Fault {
	return func(x *Exchange) {
		x.Receive()
		answer := failure(status)
		at := x.conn.origin.clock().Add(after + time.Second - 1)
		answer.Header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
		x.Respond(answer)
	}
}

func failure(status int) Answer {
	return Answer{
		Status: status,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   fmt.Appendf(nil, "%d %s\n", status, http.StatusText(status)),
	}
}

// Alternate takes the faults in turn, request by request, whatever connection
// they come on; nil is good behaviour. Alternate(nil, Status(500)) flaps.
func Alternate(faults ...Fault) Fault {
	var turn atomic.Int64
	return func(x *Exchange) {
		orBehave(faults[int(turn.Add(1)-1)%len(faults)])(x)
	}
}

// Times makes the next n requests meet the fault, and those after them none.
func Times(n int, fault Fault) Fault {
	var count atomic.Int64
	return func(x *Exchange) {
		if count.Add(1) > int64(n) {
			orBehave(nil)(x)
			return
		}
		orBehave(fault)(x)
	}
}

func orBehave(fault Fault) Fault {
	if fault == nil {
		return Behave()
	}
	return fault
}
