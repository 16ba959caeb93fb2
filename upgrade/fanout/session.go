package fanout

import (
	"net"
	"time"
)

// Session is one held client's side of the conversation. Its methods are called
// by the engine, one at a time except for Listen.
type Session interface {
	// Next returns the bytes that the client has to be sent now. If there are
	// none, it returns the channel that is closed when there may be; a nil
	// channel means never. last ends the session after the bytes are written.
	// The bytes must not change any more.
	Next() (frame []byte, changed <-chan struct{}, last bool)

	// Sent is told that what another method returned last was written.
	Sent()

	// Beat returns what is sent after Terms.Beat without a frame; nothing if
	// it is empty. last means that the client is taken for gone.
	Beat() (frame []byte, last bool)

	// Expire returns what ends the session after Terms.Hold, or when the
	// client has spoken.
	Expire() []byte

	// Leave returns what ends the session when the engine drains; another
	// client is told something a little different, so that not all come back
	// at once. Before it, and before Expire at the end of Terms.Hold, Next is
	// asked once more.
	Leave() []byte

	// Listen reads from the client until it leaves, which is an error, or
	// says something that ends the session, which is none. It is interrupted
	// by a read deadline in the past. Once the session's last frame is sent, it
	// is called again after none, until there is one, for Terms.Linger.
	Listen(c net.Conn) error
}

// Terms bound a session. A zero is no bound.
type Terms struct {
	// Wake, once closed, has Next asked once more, whatever it waits for.
	Wake <-chan struct{}

	Beat   time.Duration // the longest silence
	Steady bool          // beats keep their pace, frames or not
	Hold   time.Duration // the whole session
	Linger time.Duration // after the last frame, until the client has taken its leave as well
}

// End is how a session ended.
type End uint8

// The ways in which a session ends.
const (
	Done    End = iota // everything was written, the connection is good
	Gone               // the client left
	Stuck              // a write failed or timed out
	Drained            // the engine is stopping
	Failed             // a panic, or the engine did not take the session
)

var endNames = [...]string{"done", "gone", "stuck", "drained", "failed"}

// String returns the name used in logs.
func (e End) String() string { return endNames[e] }
