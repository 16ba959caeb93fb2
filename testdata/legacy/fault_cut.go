package legacy

import "bytes"

// ResetBeforeHead takes the request and answers with RST.
func ResetBeforeHead() Fault {
	return func(x *Exchange) {
		x.Receive()
		x.Reset()
	}
}

// ResetMidBody sends the head and so many bytes of the body, then RST.
func ResetMidBody(after int) Fault {
	return func(x *Exchange) {
		first, _ := x.split(after)
		x.Write(first)
		x.Reset()
	}
}

// CloseBeforeHead takes the request and closes without a word, as a server does
// whose idle timeout met the request half-way.
func CloseBeforeHead() Fault {
	return func(x *Exchange) {
		x.Receive()
		x.Close()
	}
}

// CloseMidBody sends the head and so many bytes of the body, then closes in
// good order: a body shorter than its Content-Length or without its last chunk.
func CloseMidBody(after int) Fault {
	return func(x *Exchange) {
		first, _ := x.split(after)
		x.Write(first)
		x.Close()
	}
}

// CloseMidHead sends the first so many bytes of the head, then closes.
func CloseMidHead(after int) Fault {
	return func(x *Exchange) {
		head, _ := x.Render(x.Answer())
		x.Write(head[:min(after, len(head))])
		x.Close()
	}
}

// CloseAfter answers well, then closes the connection without having
// announced it.
func CloseAfter() Fault {
	return func(x *Exchange) {
		x.Respond(x.Answer())
		x.Close()
	}
}

// NoLastChunk sends all of the body in chunks, but not the last chunk, and
// closes.
func NoLastChunk() Fault {
	return func(x *Exchange) {
		answer := x.Answer()
		answer.Chunked, answer.Trailer = true, nil
		head, body := x.Render(answer)
		x.Write(append(head, bytes.TrimSuffix(body, []byte(lastChunk))...))
		x.Close()
	}
}

// Unread makes a fault begin while the request's body, if it has one, is still
// coming in: it is not read, and the connection ends with the fault. Bytes of
// it that lie there unread make the kernel close with RST, which may overtake
// what was answered: such are early answers.
func Unread(fault Fault) Fault {
	return func(x *Exchange) {
		x.unread = true
		fault(x)
	}
}

// ResetMidHead sends the first so many bytes of the head, then RST.
func ResetMidHead(after int) Fault {
	return func(x *Exchange) {
		head, _ := x.Render(x.Answer())
		x.Write(head[:min(after, len(head))])
		x.Reset()
	}
}

// HalfClose answers well and closes its half of the connection without having
// announced it. It goes on to read: requests that come on this connection are
// recorded, and never answered.
func HalfClose() Fault {
	return func(x *Exchange) {
		x.Respond(x.Answer())
		if half, ok := x.conn.Conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	}
}

// DropNext answers well, and the next request on this connection meets RST
// before any of it was read: the server closed an idle connection at the moment
// at which the client began to use it.
func DropNext() Fault {
	return func(x *Exchange) {
		x.Respond(x.Answer())
		if !x.over && x.awaitNext() {
			x.Reset()
		}
	}
}
