package child

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Testimony is what a resource of the origin that breaks says: all that is
// needed to see that an answer is the right one, and in the right hands.
type Testimony struct {
	Version int64  `json:"version"`
	Canary  string `json:"canary"`         // who asked: the Authorization, letter by letter
	Target  string `json:"target"`         // what was asked for
	Once    int64  `json:"once,omitempty"` // a number that was given to one request, which nobody else may see
	Fill    string `json:"fill,omitempty"`
}

// ParseTestimony reads one, and nothing else.
func ParseTestimony(body []byte) (t Testimony, ok bool) {
	err := json.Unmarshal(body, &t)
	return t, err == nil && t.Version > 0 && t.Target != ""
}

// strayCanary is in answers that nobody asked for.
const strayCanary = "stray"

// Sizes of what fills resources: small ones fit a frame, large ones make a
// client that does not read hold its server up.
const (
	smallFill = 200
	largeFill = 48 << 10
)

func (g *faulty) version(now time.Time) int64 { return int64(now.Sub(g.began)/g.options.Change) + 1 }

// answer is what the origin says to a request as long as nothing is wrong.
func (g *faulty) answer(r *legacy.Request) legacy.Answer {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return legacy.Answer{Status: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}")}
	}
	t := Testimony{Version: g.version(time.Now()), Canary: r.Header.Get("Authorization"), Target: r.Target, Fill: strings.Repeat("x", smallFill)}
	if strings.HasPrefix(r.Path, Large) {
		t.Fill = strings.Repeat("x", largeFill)
	}
	return legacy.Conditional(t.answer())(r)
}

func (t Testimony) answer() legacy.Answer {
	body, _ := json.Marshal(t) // of strings and numbers
	return legacy.Answer{
		Header: http.Header{"Content-Type": {"application/json"}, "Etag": {fmt.Sprintf(`"%d"`, t.Version)}, "Keep-Alive": {"timeout=5"}},
		Body:   body,
	}
}

// private answers with a number that only this request may ever see, in words
// of which each keeps an answer from being shared.
func (g *faulty) private(name, value string) legacy.Fault {
	return func(x *legacy.Exchange) {
		g.mu.Lock()
		g.once++
		once := g.once
		g.mu.Unlock()
		r := x.Request
		a := Testimony{Version: g.version(time.Now()), Canary: r.Header.Get("Authorization"), Target: r.Target, Once: once}.answer()
		a.Header.Set(name, value)
		x.Respond(a)
	}
}
