package upgrade_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// acceptRange is one member of an Accept field.
type acceptRange struct {
	name string
	is   upgrade.Transport // Poll: an answer
	q    int
}

var ranges = []acceptRange{
	{name: "text/event-stream", is: sse}, {name: "application/x-ndjson", is: ndjson}, {name: "application/jsonl", is: ndjson},
	{name: "multipart/mixed", is: multi}, {name: "multipart/x-mixed-replace", is: multi},
	{name: "*/*", is: poll}, {name: "application/json", is: poll}, {name: `a/b;x="text/event-stream, c/d;q=1"`, is: poll},
}

// expected says the rule again: of what is served and acceptable the best, an
// answer only if it is better than any stream.
func expected(members []acceptRange, served upgrade.Set) (upgrade.Transport, bool) {
	bestQ, best := 0, upgrade.Pass
	named, namedQ, answer := upgrade.Pass, 0, 0
	for _, m := range members {
		switch {
		case m.q == 0:
		case m.is == poll:
			answer = max(answer, m.q)
		case served.Has(m.is) && m.q > bestQ:
			best, bestQ = m.is, m.q
		}
		if m.is != poll && m.q > namedQ {
			named, namedQ = m.is, m.q
		}
	}
	if !served.Has(poll) {
		answer = 0
	}
	switch {
	case best != upgrade.Pass && bestQ >= answer:
		return best, true
	case answer > 0 || named == upgrade.Pass:
		return poll, served.Has(poll)
	}
	return named, false
}

func TestNegotiationAgreesWithItsRule(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var members []acceptRange
		var lines []string
		for range random.IntN(5) {
			m := ranges[random.IntN(len(ranges))]
			m.q = []int{0, 1, 500, 999, 1000}[random.IntN(5)]
			line := fmt.Sprintf("%s;q=%d.%03d", m.name, m.q/1000, m.q%1000)
			if m.q == 1000 && random.IntN(2) == 0 {
				line = m.name
			}
			if random.IntN(4) == 0 {
				line = " " + strings.ToUpper(line) + "\t,"
			}
			members, lines = append(members, m), append(lines, line)
		}
		served := upgrade.Set(random.UintN(1<<upgrade.Transports)).With(sse) &^ setOf(upgrade.Pass)
		accept := strings.Join(lines, ",")
		c, ok := upgrade.Negotiate(upgrade.Wish{Accept: []byte(accept)}, served)
		if want, wantOK := expected(members, served); c.Transport != want || ok != wantOK {
			t.Fatalf("%q of %07b: %v %v, want %v %v", accept, served, c.Transport, ok, want, wantOK)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("text/event-stream;q=0.5, */*", "wait=5", "", "", uint8(126))
	f.Add(`a/b;x="\",",text/event-stream`, `x="wait=3"; y, wait="4"`, "7", "", uint8(10))
	f.Add(",;=\"\\", "=;,\"\\", "\x00", "longpoll", uint8(0))
	f.Fuzz(func(t *testing.T, accept, prefer, wait, transport string, set uint8) {
		served := upgrade.Set(set) &^ setOf(upgrade.Pass)
		for _, w := range []upgrade.Wish{
			{Accept: []byte(accept), Prefer: []byte(prefer)},
			{Accept: []byte(accept), Prefer: []byte(prefer), Wait: []byte(wait)},
			{Accept: []byte(accept), Prefer: []byte(prefer), Transport: []byte(transport)},
		} {
			c, ok := upgrade.Negotiate(w, served)
			if ok != served.Has(c.Transport) {
				t.Fatalf("%+v: %v, %v of %b", w, c, ok, served)
			}
			if (c.Transport == longpoll) != (c.Wait > 0) || c.Wait < 0 || w.Transport == nil && c.Wait > 1<<31*time.Second {
				t.Fatalf("%+v waits %v", w, c.Wait)
			}
			if isStream := c.Transport == sse || c.Transport == ndjson || c.Transport == multi; c.Accept != isStream {
				t.Fatalf("%+v: Accept was read: %v", c, c.Accept)
			}
			if w.Transport != nil {
				continue
			}
			// Nothing but the stream's own name asks for it.
			if names := map[upgrade.Transport]string{sse: "event-stream", ndjson: "json", multi: "multipart/", longpoll: "wait"}; w.Wait == nil &&
				!strings.Contains(strings.ToLower(accept+"\n"+prefer), names[c.Transport]) {
				t.Fatalf("%+v: %v", w, c.Transport)
			}
			// Case and empty members say nothing.
			again := w
			again.Accept = append([]byte(" , ,"), bytes.ToUpper(w.Accept)...)
			again.Prefer = append([]byte(",\t,"), w.Prefer...)
			if isASCII(accept) && bytes.IndexByte(w.Accept, '/') >= 0 {
				if c2, ok2 := upgrade.Negotiate(again, served); c2 != c || ok2 != ok {
					t.Fatalf("%+v: %v %v; %+v: %v %v", w, c, ok, again, c2, ok2)
				}
			}
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e || r < 0x20 }) < 0
}
