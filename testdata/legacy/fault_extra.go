package legacy

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// LongBody glues extra bytes to the answer, beyond its Content-Length or its
// last chunk, in the same write. The connection stays open.
func LongBody(extra []byte) Fault {
	return func(x *Exchange) {
		x.Write(append(x.render(x.Answer()), extra...))
	}
}

// Glued sends the answer and in the same write a second one, which nobody has
// asked for. The connection stays open.
func Glued(second Answer) Fault {
	return func(x *Exchange) {
		x.Write(append(x.render(x.Answer()), x.render(second)...))
	}
}

// Stray answers well and sends a second answer, which nobody has asked for,
// when the channel yields or is closed: on a connection that is idle by then.
func Stray(second Answer, when <-chan struct{}) Fault {
	return func(x *Exchange) {
		x.Respond(x.Answer())
		if !x.Wait(when) {
			x.Close()
			return
		}
		x.Respond(second)
	}
}

// UnwantedBody sends the answer's body where HTTP knows none: with a status of
// 204 or 304, or, with a status of 0, the answer's own, to a HEAD request.
func UnwantedBody(status int) Fault {
	return func(x *Exchange) {
		answer := x.Answer()
		if status != 0 {
			answer.Status = status
		}
		head, _ := x.Render(answer)
		x.Write(append(head, answer.encoded()...))
	}
}

// Raw sends these bytes instead of an answer, and closes.
func Raw(text []byte) Fault {
	return func(x *Exchange) {
		x.Write(text)
		x.Close()
	}
}

// Garbage is Raw with something that is not HTTP: the greeting of another
// protocol.
func Garbage() Fault { return Raw([]byte("\x00\xffSSH-2.0-legacy\r\nthis is not HTTP\r\n\r\n")) }

// OversizedHead answers with a head of at least so many bytes, in fields of
// 1 KiB.
func OversizedHead(size int) Fault {
	return func(x *Exchange) {
		answer := x.Answer()
		answer.Header = maps.Clone(answer.Header)
		if answer.Header == nil {
			answer.Header = make(http.Header)
		}
		for i := 0; i*1024 < size; i++ {
			answer.Header.Set(fmt.Sprintf("X-Padding-%06d", i), strings.Repeat("x", 1024))
		}
		x.Respond(answer)
	}
}

// Informational sends n interim answers with that 1xx status before the good
// one. A negative n never comes to that.
func Informational(n, status int) Fault {
	interim := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nLink: </style.css>; rel=preload\r\n\r\n", status, http.StatusText(status))
	return func(x *Exchange) {
		answer := x.Answer()
		for i := 0; i != n; i++ {
			if x.Write(interim) != nil {
				return
			}
		}
		x.Respond(answer)
	}
}
