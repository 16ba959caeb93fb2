package legacy

import "time"

// Behave is no fault: the answer, well-formed, at once.
func Behave() Fault {
	return func(x *Exchange) { x.Respond(x.Answer()) }
}

// HangBeforeHead says nothing until the channel yields or is closed, then
// answers well. A nil channel is for ever: until the client leaves or the
// origin closes.
func HangBeforeHead(until <-chan struct{}) Fault {
	return func(x *Exchange) {
		answer := x.Answer()
		if !x.Wait(until) {
			x.Close()
			return
		}
		x.Respond(answer)
	}
}

// HangMidHead stops after so many bytes of the head, until the channel yields or
// is closed (nil: for ever), then sends the rest.
func HangMidHead(after int, until <-chan struct{}) Fault {
	return func(x *Exchange) {
		all := x.render(x.Answer())
		x.Write(all[:after])
		if !x.Wait(until) {
			x.Close()
			return
		}
		x.Write(all[after:])
	}
}

// HangMidBody stops after so many bytes of the body, until the channel yields
// or is closed (nil: for ever), then sends the rest.
func HangMidBody(after int, until <-chan struct{}) Fault {
	return func(x *Exchange) {
		first, rest := x.split(after)
		x.Write(first)
		if !x.Wait(until) {
			x.Close()
			return
		}
		x.Write(rest)
	}
}

// Drip sends the whole answer, head included, one byte per interval.
func Drip(interval time.Duration) Fault {
	return func(x *Exchange) {
		head, body := x.Render(x.Answer())
		x.drip(append(head, body...), interval)
	}
}

// DripBody sends the head at once and the body one byte per interval.
func DripBody(interval time.Duration) Fault {
	return func(x *Exchange) {
		head, body := x.split(0)
		x.Write(head)
		x.drip(body, interval)
	}
}

// Endless sends a body without end: the answer's, over and over, one chunk per
// interval. Without an interval it is as fast as the client reads.
func Endless(interval time.Duration) Fault {
	return func(x *Exchange) {
		answer := x.Answer()
		if len(answer.Body) == 0 {
			answer.Body = []byte("and so on\n")
		}
		piece := chunk(answer.Body)
		answer.Chunked = true
		head, _ := x.Render(answer)
		for err := x.Write(head); err == nil; err = x.Write(piece) {
			if interval > 0 && !x.Pause(interval) {
				x.Close()
			}
		}
	}
}

// drip gives up at the first byte that cannot be sent.
func (x *Exchange) drip(text []byte, interval time.Duration) {
	for i := range text {
		if x.Write(text[i:i+1]) != nil || !x.Pause(interval) {
			x.Close()
			return
		}
	}
}

// split returns the rendered answer in two: the head with so many bytes of the
// body, chunk framing included, and what is left.
func (x *Exchange) split(after int) (first, rest []byte) {
	head, body := x.Render(x.Answer())
	after = min(after, len(body))
	return append(head, body[:after]...), body[after:]
}
