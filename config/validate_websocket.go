package config

import (
	"net/url"
	"reflect"
	"strings"
	"time"
)

// webSocket checks the policy for WebSocket clients.
func (v *validator) webSocket(route string, r *Route) {
	field, w := route+".websocket", r.WebSocket
	if v.lacks(route, r, WS) && v.given(field, reflect.ValueOf(w), reflect.ValueOf(DefaultRoute().WebSocket)) {
		v.wrong(field, "has no effect without websocket in serve; remove it, or add websocket")
	}
	for i, origin := range w.Origins {
		v.origin(item(field+".origins", i), origin)
	}
	if w.Send != nil {
		v.unsafeMethod(field+".send.method", w.Send.Method)
		v.sendPath(field+".send.path", w.Send.Path)
	}
	v.atLeast(field+".ping", w.Ping, time.Second)
	v.sizeBetween(field+".max_message", w.MaxMessage, 1, 16<<20)
}

// origin checks what a browser would send as Origin, byte for byte (RFC 6454
// section 6.2).
func (v *validator) origin(field, origin string) {
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.EqualFold(origin, u.Scheme+"://"+u.Host) || !isHostPort(u.Host):
		v.wrong(field, "%s is not an origin; write http://host[:port] or https://host[:port], without a path", quote(origin))
	case origin != strings.ToLower(origin):
		v.wrong(field, "%s is not in lower case, as browsers send it; write %s", quote(origin), strings.ToLower(origin))
	case u.Scheme == "http" && u.Port() == "80", u.Scheme == "https" && u.Port() == "443":
		v.wrong(field, "%s has the default port, which browsers leave out; write %s", quote(origin), strings.TrimSuffix(origin, ":"+u.Port()))
	}
}

// sendPath checks a path that is sent as it is.
func (v *validator) sendPath(field, path string) {
	switch {
	case path == "":
		v.wrong(field, "is missing; write a path such as /api/messages")
	case path[0] != '/':
		v.wrong(field, "%s does not begin with \"/\"; write a path such as /api/messages", quote(path))
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }):
		v.wrong(field, "%s contains a character that cannot be sent; visible ASCII without \"#\" is allowed, anything else percent-encoded", quote(path))
	}
}

// defaultSend returns a Send with its default method and no path.
func defaultSend() *Send { return &Send{Method: "POST"} }
