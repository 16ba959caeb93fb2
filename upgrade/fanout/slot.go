//go:build linux && !goroutines

package fanout

import (
	"net"
	"syscall"
	"time"
)

// phase is how far a slot's session has come.
//
//	live ──► parting ──► lingering ──► ended ◄── whatever ends it
//	 ▲ │ last frame      ▲                ▲
//	 │ └─────────────────┴───► resting ───┘
//	 └───────────────────────────┘ Renewed
type phase uint8

const (
	live      phase = iota
	parting         // its words are to be sent, behind what Next has yet to say
	lingering       // everything is written; the client may take its leave
	resting         // everything is written; the client may begin anew
	ended
)

// slot is a held connection. It belongs to its shard, which alone looks at more
// than home. It is kept small, as there is one for each client.
type slot struct {
	home    *shard
	conn    net.Conn
	raw     syscall.RawConn
	session Session
	tell    func(End)

	fd         int32
	generation int32 // of the descriptor

	phase    phase
	good     End  // of a session whose last frame is taken
	last     bool // the frame on its way is the last
	asked    bool // of parting: Next was, once more
	leaving  bool // of parting: the words are Leave, not Expire
	spoken   bool // the client has: what it said is not to wait for anything
	queued   bool
	working  bool // what the session asked for is done elsewhere
	finished bool // nothing that the client sends counts
	unread   bool // there may be something to read
	closed   bool // by the client, which may be found out by reading only

	watched, watchedOut bool // the poller tells of it; and when it can be written to

	hung bool // on the wheel

	rest    []byte        // of the frame on its way, that the client has not taken
	allowed time.Duration // until when the client has to have taken it all; 0 if it did not tarry

	pace *pace         // shared with others
	hold time.Duration // Terms

	// Deadlines, since the shard's epoch. 0 is none.
	beat, over, leave, stuck time.Duration

	audience *audience // who wait for the same; nil if it does not wait
	seat     int32     // there

	// On the wheel.
	before, after *slot
	met           int64 // the tick
}

// pace is what Terms say of all the clients of a route and transport.
type pace struct {
	beat, linger, rest, stall time.Duration
	rate                      int
	steady                    bool
}

// Wake implements Held.
func (s *slot) Wake() { s.home.call(call{slot: s, what: wake}) }

// due is the next deadline, 0 if there is none.
func (s *slot) due() (next time.Duration) {
	for _, d := range [...]time.Duration{s.beat, s.over, s.leave, s.stuck} {
		if d != 0 && (next == 0 || d < next) {
			next = d
		}
	}
	return next
}

// calm forgets all deadlines.
func (s *slot) calm() { s.beat, s.over, s.leave, s.stuck = 0, 0, 0, 0 }

// isDue reports whether a deadline has come, and forgets it then.
func isDue(deadline *time.Duration, now time.Duration) bool {
	if *deadline == 0 || *deadline > now {
		return false
	}
	*deadline = 0
	return true
}
