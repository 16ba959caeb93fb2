package feed

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// How an answer came to be, for Cache-Status (RFC 9211).
type How uint8

// The ways.
const (
	Hit       How = iota // from the snapshot
	Fetched              // this client caused the poll
	Collapsed            // it waited for somebody else's
)

// Answer is what a poller gets. Exactly one of Update, Alone and Err is set.
type Answer struct {
	// Update is to be given to the client.
	Update *upgrade.Update

	// Alone is why the client's own request has to go to the origin. If Kept
	// is set, it has been there already, and Kept is the response, for this
	// client only, who must close it.
	Alone share.Reason
	Kept  *Kept

	// Err is why there is nothing to give. RetryAfter is when there may be, 0
	// if nobody knows.
	Err        error
	RetryAfter time.Duration

	How     How
	Renewal bool          // there was a snapshot before the poll
	Detail  string        // for Cache-Status; "" if there is nothing to say
	Took    time.Duration // that the poll took which brought Update
	Caused  bool          // an upstream request was sent because of this client
	Own     bool          // that request had this client's own credentials
}

// Discard gives up an answer that cannot be used.
func (a *Answer) Discard() {
	if a.Kept != nil {
		_ = a.Kept.Close()
	}
}

// Keep says which responses a client would take itself, if they may not be
// shared.
type Keep uint8

// The choices.
const (
	KeepNone   Keep = iota
	KeepEvents      // a stream of events, which it asked for
	KeepAny
)

// Kept is a response that may not be shared, in the hands of the one client
// that caused it.
type Kept struct {
	*origin.Response
	prefix []byte // of the body, which was read already
}

// Read reads the whole body, from its beginning.
func (k *Kept) Read(p []byte) (int, error) {
	if len(k.prefix) > 0 {
		n := copy(p, k.prefix)
		k.prefix = k.prefix[n:]
		return n, nil
	}
	if k.Body == nil {
		return 0, io.EOF
	}
	return k.Body.Read(p)
}

// Close ends the exchange with the origin.
func (k *Kept) Close() error { return k.Body.Close() }

// ask is a poller that waits.
type ask struct {
	generation uint64 // writes that it must see the effect of
	keep       Keep
	lender     *Lender // nil where polls borrow no credentials
	cause      any     // for the Tracer
	reply      chan Answer
	settled    atomic.Bool // answered, or given up
}

func newAsk(generation uint64, keep Keep, lender *Lender) *ask {
	return &ask{generation: generation, keep: keep, lender: lender, reply: make(chan Answer, 1)}
}

// isUnproven reports whether the poller may be given nothing but what its own
// credentials brought.
func (a *ask) isUnproven() bool { return a.lender != nil && a.lender.Unproven }

// give answers the poller, or discards what nobody waits for any more.
func (a *ask) give(answer Answer) {
	if a.isUnproven() && answer.Alone == "" && !answer.Own {
		answer.Discard()
		answer = Answer{Err: ErrUnproven}
	}
	if a.settled.CompareAndSwap(false, true) {
		a.reply <- answer
	} else {
		answer.Discard()
	}
}

// leave gives up waiting, unless there is an answer after all.
func (a *ask) leave(why error) Answer {
	if a.settled.CompareAndSwap(false, true) {
		return Answer{Err: why}
	}
	return <-a.reply
}

// late takes the answer that was given while the feed was ending.
func (a *ask) late() Answer {
	select {
	case answer := <-a.reply:
		return answer
	default:
		return Answer{Err: ErrClosed}
	}
}
