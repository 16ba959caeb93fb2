package child

import (
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// ill is one thing that may be wrong with the origin.
type ill struct {
	name  string
	fault legacy.Fault

	// alone is an answer that may not be shared: its resource passes through
	// for a minute, as it should. Most resources never have one, or all would
	// soon pass through.
	alone bool
}

// Where answers are cut, and how slow slow ones are: slower than the proxy waits.
const (
	cutAt     = 20
	dripEvery = 5 * time.Millisecond
	endlessly = 5 * time.Millisecond
)

// ills are all of them, but for those that need the origin's state. A second
// answer comes with the first: one that comes when the connection is in use again
// cannot be told from the answer that is due.
func ills() []ill {
	stray := Testimony{Version: 1 << 40, Canary: strayCanary, Target: strayCanary}.answer()
	return []ill{
		{name: "reset before the head", fault: legacy.ResetBeforeHead()},
		{name: "reset in the body", fault: legacy.ResetMidBody(cutAt)},
		{name: "close before the head", fault: legacy.CloseBeforeHead()},
		{name: "close in the head", fault: legacy.CloseMidHead(cutAt)},
		{name: "close in the body", fault: legacy.CloseMidBody(cutAt)},
		{name: "close after the answer", fault: legacy.CloseAfter()},
		{name: "no last chunk", fault: legacy.NoLastChunk()},
		{name: "hang before the head", fault: legacy.HangBeforeHead(nil)},
		{name: "hang in the body", fault: legacy.HangMidBody(cutAt, nil)},
		{name: "drip", fault: legacy.Drip(dripEvery)},
		{name: "drip the body", fault: legacy.DripBody(dripEvery)},
		{name: "without end", fault: legacy.Endless(endlessly), alone: true},
		{name: "more than its length", fault: legacy.LongBody([]byte(strayCanary))},
		{name: "two answers", fault: legacy.Glued(stray)},
		{name: "204 with a body", fault: legacy.UnwantedBody(http.StatusNoContent), alone: true},
		{name: "304 with a body", fault: legacy.UnwantedBody(http.StatusNotModified), alone: true},
		{name: "304 to whatever", fault: legacy.Status(http.StatusNotModified), alone: true},
		{name: "garbage", fault: legacy.Garbage()},
		{name: "a head without end", fault: legacy.OversizedHead(1 << 20)},
		{name: "interim answers", fault: legacy.Informational(3, http.StatusEarlyHints)},
		{name: "interim answers without end", fault: legacy.Informational(-1, http.StatusEarlyHints)},
		{name: "500", fault: legacy.Status(http.StatusInternalServerError)},
		{name: "503", fault: legacy.Status(http.StatusServiceUnavailable)},
		{name: "503 for a second", fault: legacy.RetryAfter(http.StatusServiceUnavailable, time.Second)},
		{name: "429 for a second", fault: legacy.RetryAfter(http.StatusTooManyRequests, time.Second)},
		{name: "401", fault: legacy.Status(http.StatusUnauthorized), alone: true},
		{name: "302", fault: legacy.Status(http.StatusFound), alone: true},
		{name: "now and then 500", fault: legacy.Alternate(nil, legacy.Status(http.StatusInternalServerError))},
	}
}

// ill is what is wrong on a path now. Each path has all of them in turn, with
// good times between.
func (g *faulty) ill(path string, now time.Time) ill {
	g.mu.Lock()
	broken := g.broken
	g.mu.Unlock()
	well := ill{name: "well", fault: legacy.Behave()}
	if !broken {
		return well
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(path))
	turn := int64(sum.Sum32()) + int64(now.Sub(g.began)/g.options.Spell)
	private := []ill{
		{name: "a cookie", fault: g.private("Set-Cookie", "sid=1"), alone: true},
		{name: "for one request", fault: g.private("Vary", "*"), alone: true},
	}
	all := append(private, g.ills...)
	one := all[turn/2%int64(len(all))]
	if turn%2 == 0 || one.alone && !strings.HasPrefix(path, Odd) {
		return well
	}
	return one
}
