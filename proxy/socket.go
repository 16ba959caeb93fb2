package proxy

import (
	"net/http"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/sock"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// checkHandshake refuses a WebSocket that is not one, or that a page of another
// site opens: the browser sends the user's cookies along, and asks nobody (RFC
// 6455 section 10.2).
func (p *Proxy) checkHandshake(r *request) *problem {
	keys, versions := collect(r.head.Lookup("sec-websocket-key")), collect(r.head.Lookup("sec-websocket-version"))
	status, text := upgrade.ValidHandshake(keys, versions, r.head.Length != 0, r.head.Close)
	if status == http.StatusUpgradeRequired {
		return newProblem(status, text).with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13")
	}
	if status != 0 {
		return newProblem(status, text)
	}
	return p.checkOrigin(r)
}

// checkOrigin lets in a page of this host or of a listed origin, and programs,
// which name none. A browser always does: where cookies come without, something
// on the way may have taken it off (RFC 6455 section 10.2).
func (p *Proxy) checkOrigin(r *request) *problem {
	origins := collect(r.head.Lookup("origin"))
	switch {
	case len(origins) == 0 && (!r.head.Has(head.Cookie) || r.route.WebSocket.AllowNoOrigin):
		return nil
	case len(origins) == 0:
		return newProblem(http.StatusForbidden, "who brings cookies must say its Origin; programs may do without if websocket.allow_no_origin is set")
	case len(origins) == 1 && p.isOwnOrigin(r, strings.ToLower(string(origins[0]))):
		return nil
	}
	return newProblem(http.StatusForbidden, "this Origin may not open a WebSocket here: list it in websocket.origins")
}

// isOwnOrigin reports whether an origin is that of this host, or listed.
func (p *Proxy) isOwnOrigin(r *request, origin string) bool {
	from := p.peerOf(r)
	return r.route.origins[origin] || origin == from.proto+"://"+withoutDefaultPort(from.proto, string(from.host))
}

// withoutDefaultPort writes an authority as browsers do in Origin.
func withoutDefaultPort(proto, host string) string {
	port := map[string]string{"http": ":80", "https": ":443"}[proto]
	return strings.TrimSuffix(host, port)
}

func collect(values func(func([]byte) bool)) [][]byte {
	var all [][]byte
	for value := range values {
		all = append(all, value)
	}
	return all
}

// hasSubprotocol reports whether a handshake asks for a protocol on top of
// WebSocket.
func hasSubprotocol(h *head.Head) bool {
	for range h.Lookup("sec-websocket-protocol") {
		return true
	}
	return false
}

// beginSocket holds a WebSocket client.
func (p *Proxy) beginSocket(r *request, s *subscription) {
	key := string(collect(r.head.Lookup("sec-websocket-key"))[0])
	policy := r.route.WebSocket
	options := upgrade.SocketOptions{
		Ping: policy.Ping, MaxMessage: int64(policy.MaxMessage), Send: p.sender(r, s), Delivered: s.delivered,
	}
	terms := r.rules.terms()
	terms.Beat, terms.Steady, terms.Linger = policy.Ping, true, upgrade.CloseLinger
	fields := []upgrade.Field{{Name: "Vary", Value: r.route.vary()}, {Name: "Via", Value: via}}
	if options.Press = r.deflates(); options.Press != nil {
		fields = append(fields, upgrade.Field{Name: "Sec-WebSocket-Extensions", Value: coding.Extension})
	}
	p.takeOver(r, func(c *conn, early []byte) {
		boundUnsent(c.Conn)
		sock.Shed(c.Conn) // the engine has its own way, and nobody else comes after it
		terms.Early = c.unfollow(early)
		session := upgrade.NewSocket(key, fields, s.source(), options)
		p.heldFor(s, c, session, terms, func(fanout.End) { _ = c.Close() })
	}, s.end)
}
