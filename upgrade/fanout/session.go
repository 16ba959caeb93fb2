package fanout

import "time"

// Session is one held client's side of the conversation. Its methods are called
// by the engine, one at a time, and must not block: many clients wait for one
// goroutine.
type Session interface {
	// Next returns the bytes that the client has to be sent now. If there are
	// none, it returns the channel that is closed when there may be; a nil
	// channel means never. last ends the session after the bytes are written.
	// The bytes must not change any more. A frame that takes long to make is
	// made elsewhere: the channel is closed when it is there.
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

	// Heard is given what the client sent, and copies what it keeps of that.
	// Next is asked once more after it. If there is work, which may block,
	// that is done elsewhere; until it returns nothing is read, and then Heard
	// is called with no bytes, also if the client has been given up meanwhile.
	// Nothing is read either while the client does not take what it is sent.
	// One that is lingered for, and cannot be written to any more, is heard
	// out.
	Heard(p []byte) (v Verdict, work func())
}

// Verdict is what follows from what a client said.
type Verdict uint8

// What may follow. While the client is lingered for, Spoken changes nothing.
const (
	Listening Verdict = iota // the conversation goes on
	Spoken                   // the session ends with Expire
	Finished                 // it does, and nothing more that the client sends counts: after the last frame the engine ends its half
	Tiresome                 // the client is hung up on
	Renewed                  // of a client that rests: the session begins anew
)

// Resting is a session that Terms.Rest is for. NoRest is called, before anything
// else, where nobody rests: from then on it is never Renewed.
type Resting interface {
	Session
	NoRest()
}

// Terms bound a session. A zero is no bound.
type Terms struct {
	Beat   time.Duration // the longest silence
	Steady bool          // beats keep their pace, frames or not
	Hold   time.Duration // the whole session
	Linger time.Duration // after the last frame, until the client has taken its leave as well
	Early  []byte        // what the client sent already, which is heard first

	// Rest is for how long a client whose session is Done may have it begin
	// anew, by what it says next, before the connection is given back. One
	// that has Spoken already is not kept waiting. Where each connection has a
	// goroutine of its own nobody rests: see Resting.
	Rest time.Duration

	// Stall is for how long a client may take nothing of a frame. All of it
	// has to be taken within Stall and the time that it takes at Rate bytes
	// per second. A connection that is written to by a goroutine of its own
	// has to see to that itself.
	Stall time.Duration
	Rate  int
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
