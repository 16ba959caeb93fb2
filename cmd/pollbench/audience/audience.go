package audience

import (
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// Options say who the clients are.
type Options struct {
	Address string    `json:"address"` // of the server
	Kind    load.Kind `json:"kind"`    // "" for clients of the bare loop
	Target  string    `json:"target"`  // what they ask for

	// Feeds is among how many resources they are spread: the n-th client asks
	// for Target/n, modulo Feeds. With 0 all ask for Target.
	Feeds int `json:"feeds,omitempty"`

	// Size is how long a snapshot is, Wire a message of the bare loop with one
	// in it.
	Size int `json:"size"`
	Wire int `json:"wire,omitempty"`

	// Dated has a long poll repeat the Last-Modified of the last answer, as
	// nchan wants it.
	Dated bool `json:"dated,omitempty"`

	// Tight is of how many clients one has small buffers, as somebody far away
	// has. Those are who stops reading. 0: nobody.
	Tight int `json:"tight,omitempty"`

	// Coding is what a stream has to come in, one of Codings; "" is as it is.
	Coding string `json:"coding,omitempty"`

	// Read finds the version of a snapshot, and the instant at which it was
	// published, in Unix nanoseconds.
	Read func(snapshot []byte) (version, published int64, ok bool) `json:"-"`

	unpacker *unpacker
}

// Marker begins a snapshot.
const Marker = `{"version":`

// Lap is what was counted since Begin.
type Lap struct {
	Deliveries int64 `json:"deliveries"`
	Bytes      int64 `json:"bytes"` // read
	Skipped    int64 `json:"skipped"`

	// How late each version came, oldest first, in nanoseconds from its
	// publication: to half of those who got it, to 99 % of them, and to the last.
	P50  []int64 `json:"p50"`
	P99  []int64 `json:"p99"`
	Last []int64 `json:"last"`
}

// State is how things are.
type State struct {
	Held    int    `json:"held"`    // connected and answered
	Behind  int    `json:"behind"`  // of the version that was awaited last, of those who read
	Dropped int    `json:"dropped"` // connections that ended by themselves
	Strange int64  `json:"strange"` // what is no snapshot, or an older one, or the same again
	First   string `json:"first"`   // what was wrong first

	Came     int  `json:"came"`     // of those who come and go
	Churning bool `json:"churning"` // there are such still
}

// Resumed is what came of those who had stopped reading.
type Resumed struct {
	Readers int `json:"readers"`
	Blocked int `json:"blocked"` // whom a version was skipped for: else nothing held the server up
	Wrong   int `json:"wrong"`   // who got another than the newest behind what was under way
}

// ErrSystem is a system without what this package needs.
var ErrSystem = errors.New("holding thousands of clients needs Linux")

// errLost is a server that ends a conversation.
var errLost = errors.New("the server ended the connection")

// patience bounds what the loop is asked for.
const patience = 50 * time.Second

// Err is what is wrong with a state, if anything is: everybody must have been
// served.
func (s State) Err() error {
	if s.Dropped > 0 || s.Strange > 0 || s.Behind > 0 {
		return fmt.Errorf("%d were dropped, %d behind, %d answers strange; the first: %s", s.Dropped, s.Behind, s.Strange, s.First)
	}
	return nil
}
