package child

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// FaultyOptions are those of the origin that breaks.
type FaultyOptions struct {
	Change time.Duration `json:"change"` // how long a version of a resource lasts
	Spell  time.Duration `json:"spell"`  // how long a fault lasts on one path
}

// The paths of the origin that breaks. Every other is a [Testimony] of its own.
const (
	Large  = "/large/" // begins the paths of resources that are large
	Odd    = "/odd/"   // and of those that are at times answered with what may not be shared
	Write  = "/write"  // takes a numbered write
	Upload = "/upload" // takes an upload of any length
)

// faultyHost is an address that nobody connects from. While the origin is down,
// no client's connection can take its port.
const faultyHost = "127.0.0.9:0"

// faulty is an origin that breaks in every way that there is, on each path in
// another one at a time, and counts what reaches it.
type faulty struct {
	*legacy.Faulty
	options FaultyOptions
	began   time.Time
	ills    []ill

	mu     sync.Mutex
	broken bool
	once   int64
	tally  Tally
}

// Tally is what reached the origin that breaks.
type Tally struct {
	Requests int64         `json:"requests"`
	Writes   map[int64]int `json:"writes"`  // by number, how often
	Uploads  int64         `json:"uploads"` // that came to their end
}

// runFaulty runs the origin that breaks. Its verbs:
//
//	break      lets faults happen from now on
//	heal       ends them, also those under way, by ending all connections
//	down       stops accepting connections, and closes them
//	up         accepts them again
//	version    returns the version that a request would be answered with
//	requests   returns how many there were
//	tally      returns a Tally
func runFaulty(o FaultyOptions, _ net.Listener, s Standard) error {
	g := &faulty{options: o, began: time.Now(), ills: ills(), tally: Tally{Writes: map[int64]int{}}}
	g.Faulty = legacy.NewFaulty(legacy.Answer{}, nil)
	g.AnswerFunc(g.answer)
	g.Break(g.meet)
	if err := g.Listen(faultyHost); err != nil {
		return err
	}
	defer g.Close()
	return s.obey(g.Addr(), verbs{
		"break":    func(string) (any, error) { return nil, g.breaks(true) },
		"heal":     func(string) (any, error) { defer g.Disconnect(); return nil, g.breaks(false) },
		"down":     func(string) (any, error) { g.Close(); return nil, nil },
		"up":       func(string) (any, error) { return nil, g.Listen(g.Addr()) },
		"version":  func(string) (any, error) { return g.version(time.Now()), nil },
		"requests": func(string) (any, error) { return g.counted().Requests, nil },
		"tally":    func(string) (any, error) { return g.counted(), nil },
	})
}

func (g *faulty) breaks(now bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = now
	return nil
}

// counted returns a copy of the tally.
func (g *faulty) counted() Tally {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tally
	t.Writes = make(map[int64]int, len(g.tally.Writes))
	for number, times := range g.tally.Writes {
		t.Writes[number] = times
	}
	return t
}

// meet is what every request meets: it is counted, and then something is wrong,
// or not.
func (g *faulty) meet(x *legacy.Exchange) {
	one := g.ill(x.Request.Path, time.Now())
	g.arrived()
	whole := x.Receive() == nil
	g.took(x.Request, whole)
	one.fault(x)
}

func (g *faulty) arrived() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tally.Requests++; g.tally.Requests%forget == 0 {
		g.Clear()
	}
}

// forget is after how many requests their recording, which nobody reads here, is
// thrown away.
const forget = 1000

// took counts what a request brings. One that was cut brings nothing.
func (g *faulty) took(r *legacy.Request, whole bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !whole || r.Method == "GET":
	case r.Path == Upload:
		g.tally.Uploads++
	case r.Path == Write:
		if number, ok := numberIn(r.Body); ok {
			g.tally.Writes[number]++
		}
	}
}

// numberKey stands before the number of a write.
const numberKey = `"number":`

// Numbered is the body of a write with a number.
func Numbered(number int64) []byte { return fmt.Appendf(nil, "{%s%d}", numberKey, number) }

// numberIn finds the number of a write, in a body that may be in chunks.
func numberIn(body []byte) (int64, bool) {
	_, digits, found := bytes.Cut(body, []byte(numberKey))
	digits, _, whole := bytes.Cut(digits, []byte{'}'})
	number, err := strconv.ParseInt(string(digits), 10, 64)
	return number, found && whole && err == nil
}
