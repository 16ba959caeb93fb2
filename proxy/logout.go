package proxy

import (
	"net/http"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// noteLogout outdates what an identity was told, and forgets whom the origin lets
// in, when it answers that client with what can mean that it no longer does.
func (p *Proxy) noteLogout(r *request, resp *origin.Response) {
	if !meansLogout(resp) {
		return
	}
	all := p.rules.Load()
	p.noteLogoutBy(all, r)
	if all != r.rules {
		p.noteLogoutBy(r.rules, r) // some are still held by them
	}
}

func (p *Proxy) noteLogoutBy(all *rules, r *request) {
	var key share.Key
	for _, rt := range all.routes {
		if !rt.coalesces() {
			continue
		}
		rt.share.Make(&key, &r.head, share.Ask{})
		if own := key.Identity(); len(own) > 0 {
			p.feeds.OutdateIdentity(string(own))
		}
		if who, ok := key.Who(); ok && rt.Share == config.ShareAuthorize {
			p.register.Forget(who)
		}
	}
}

// noteKeptLogout is noteLogout for the response to a poll. Where the poll had
// lent credentials, whoever lent them was told of a refusal already, and it was of
// this resource only.
func (p *Proxy) noteKeptLogout(r *request, resp *origin.Response) {
	if r.route.Share != config.ShareAuthorize || takesCookie(resp) {
		p.noteLogout(r, resp)
	}
}

// meansLogout reports whether an answer does not know its client, or takes a
// cookie away from it. A 403 may be about this one resource, which a client may
// ask for again and again.
func meansLogout(resp *origin.Response) bool {
	return resp.Status == http.StatusUnauthorized || takesCookie(resp)
}

// takesCookie reports whether an answer takes a cookie away (RFC 6265 section
// 5.2).
func takesCookie(resp *origin.Response) bool {
	if resp.Header.Has("Clear-Site-Data") {
		return true
	}
	for value := range resp.Header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(value); err == nil && (c.MaxAge < 0 || c.Value == "" || !c.Expires.IsZero() && c.Expires.Before(time.Now())) {
			return true
		}
	}
	return false
}
