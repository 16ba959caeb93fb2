package proxy

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// guardian is an origin that lets some clients in, and can change its mind.
type guardian struct {
	*rig
	open bool // the resource itself is for everybody, only /me asks who it is

	mu      sync.Mutex
	version int
	in      map[string]bool // by Authorization
	asked   map[string]int  // requests for /me
	got     map[string]int  // requests for anything else
}

func newGuardian(t *testing.T, open bool, lines ...string) *guardian {
	t.Helper()
	g := &guardian{rig: newRig(t, append([]string{"share: authorize"}, lines...)...), open: open, version: 1,
		in: map[string]bool{"Bearer alice": true, "Bearer bob": true}, asked: map[string]int{}, got: map[string]int{}}
	g.origin.AnswerFunc(g.answer)
	return g
}

func (g *guardian) answer(x *legacy.Request) legacy.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := x.Header.Get("Authorization")
	if x.Path == "/me" {
		g.asked[who]++
	} else {
		g.got[who]++
	}
	if x.Path == "/logout" {
		g.in[who] = false
		return legacy.Answer{Status: 204, Header: http.Header{"Set-Cookie": {"sid=; Max-Age=0"}}}
	}
	if !g.in[who] && (x.Path == "/me" || !g.open) {
		return legacy.Answer{Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}}, Body: []byte("who are you?")}
	}
	return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: fmt.Appendf(nil, "v%d", g.version)}
}

// set changes what the origin says, and whom it lets in.
func (g *guardian) set(version int, who string, in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version, g.in[who] = version, in
}

// requests is how many the origin got for the resource, and for /me.
func (g *guardian) requests(who string) (got, asked int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got[who], g.asked[who]
}

func (g *guardian) as(who, path string, fields ...string) reply {
	g.t.Helper()
	return g.get(path, append([]string{"Authorization", "Bearer " + who}, fields...)...)
}

// The two ways to be let in: by a path that is asked, and by the resource itself.
func eachWay(t *testing.T, test func(t *testing.T, open bool, lines ...string)) {
	t.Run("by path", func(t *testing.T) { test(t, true, "authorize: {path: /me, ttl: 1h}") })
	t.Run("by path, guarded too", func(t *testing.T) { test(t, false, "authorize: {path: /me, ttl: 1h}") })
	t.Run("by resource", func(t *testing.T) { test(t, false, "authorize: {ttl: 1h}") })
}

// outlive waits until whatever is good for so long has ended.
func (g *guardian) outlive(d time.Duration) {
	g.t.Helper()
	select {
	case <-time.After(d + 5*time.Millisecond):
	case <-g.t.Context().Done():
	}
}
