package admin

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

const (
	// mostViewers are those of the dashboard at one time.
	mostViewers = 100

	// viewerBeat is the longest silence on a stream. Its page takes the line for
	// dead after three.
	viewerBeat = 10 * time.Second

	// viewerStall is for how long a viewer may take nothing of what it is sent;
	// and viewerRate, in bytes per second, how fast it has to.
	viewerStall = 30 * time.Second
	viewerRate  = 4 << 10
)

// viewers are those who look at the dashboard, held as clients are.
type viewers struct {
	live   *live
	engine *fanout.Engine
	press  *coding.Press
}

func newViewers(l *live, log *slog.Logger) *viewers {
	report := func(err error) { log.Error("a viewer of the dashboard was dropped", "error", err) }
	return &viewers{live: l, engine: fanout.New(report), press: coding.NewPress()}
}

// ServeHTTP makes a stream of the connection: of events, or of JSON lines for who
// asks for them.
func (v *viewers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		say(w, http.StatusForbidden, "a page elsewhere cannot read this, and is not to hold it open")
		return
	}
	options := streamOptions(r)
	options.Press = v.press
	full := v.live.viewers.Add(1) > mostViewers
	if !full {
		v.live.fresh()
	}
	c, _, err := http.NewResponseController(w).Hijack()
	switch {
	case err != nil:
		v.live.viewers.Add(-1)
		say(w, http.StatusHTTPVersionNotSupported, "ask for this by HTTP/1.1")
	case full:
		v.live.viewers.Add(-1)
		turnAway(c, options)
	default:
		v.hold(c, options)
	}
}

// streamOptions are what a viewer asks for.
func streamOptions(r *http.Request) upgrade.StreamOptions {
	options := upgrade.StreamOptions{
		Kind: upgrade.SSE, HTTP10: !r.ProtoAtLeast(1, 1), Delivered: func(*upgrade.Update) {},
		Fields: []upgrade.Field{{Name: "X-Content-Type-Options", Value: "nosniff"}, {Name: "Vary", Value: "Accept, Accept-Encoding"}},
	}
	wish := upgrade.Wish{Accept: joined(r, "Accept")}
	choice, ok := upgrade.Negotiate(wish, upgrade.Set(0).With(upgrade.SSE).With(upgrade.NDJSON))
	if ok && choice.Transport == upgrade.NDJSON {
		options.Kind, options.Alias = upgrade.NDJSON, choice.Alias
	}
	accepted := coding.Negotiate(joined(r, "Accept-Encoding"), []coding.Coding{coding.Gzip})
	options.Coding = accepted.Best()
	return options
}

// hold serves a viewer in the background.
func (v *viewers) hold(c net.Conn, o upgrade.StreamOptions) {
	terms := fanout.Terms{Beat: viewerBeat, Stall: viewerStall, Rate: viewerRate}
	v.engine.Hold(timed(c), upgrade.NewStream(v.live, o), terms, func(end fanout.End) {
		v.live.viewers.Add(-1)
		if end == fanout.Done {
			_ = c.Close()
		}
	})
}

// turnAway asks a viewer to come back later: its page would give up on any other
// answer.
func turnAway(c net.Conn, o upgrade.StreamOptions) {
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_, _ = c.Write(upgrade.FullEvents(o.Fields, o.HTTP10)) // it has left
	_ = c.Close()
}

// joined is a field, all lines together.
func joined(r *http.Request, name string) []byte {
	return []byte(strings.Join(r.Header.Values(name), ", "))
}

// timedConn gives each write its time, where the engine leaves that to the
// connection.
type timedConn struct{ net.Conn }

// Write implements net.Conn.
func (c timedConn) Write(p []byte) (int, error) {
	allowed := viewerStall + time.Duration(len(p)/viewerRate)*time.Second
	if err := c.SetWriteDeadline(time.Now().Add(allowed)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// timedSocket is one that gives access to its socket as well.
type timedSocket struct {
	timedConn
	syscall.Conn
}

func timed(c net.Conn) net.Conn {
	if socket, ok := c.(syscall.Conn); ok {
		return timedSocket{timedConn{c}, socket}
	}
	return timedConn{c}
}
