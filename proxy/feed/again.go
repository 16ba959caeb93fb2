package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// AskAgain implements origin.Payer: a poll that one server did not answer may be sent
// to another, which is one more request, if the budget has room for it now.
func (f *Feed) AskAgain() bool {
	if d := f.dispatcher(); d != nil && !d.Again() {
		return false
	}
	f.spec.Meter.PolledAgain()
	return true
}

// Again takes room in the budget for one request more in a turn that was given, if
// there is any at once.
func (d *Dispatcher) Again() (ok bool) {
	d.do(func(now time.Time) {
		if ok = d.pacer.Again(now); ok {
			d.turns++
		}
	})
	return ok
}

// placeOf is a number by which a key is found at the same server of several, by every
// process.
func placeOf(key string) uint64 {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint64(sum[len(sum)-8:]) | 1
}
