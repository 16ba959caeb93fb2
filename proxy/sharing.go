package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
)

// sharingOf says what decides to whom an answer of a route may be given, and in which
// form: while it stays the same, the feeds of the route live on. It is everything but
// what is known to be about something else, so that whatever a route comes to say is
// taken for the former.
func sharingOf(r *config.Route, u *upstream) string {
	own, inert := *r, config.Route{}
	own.Host, own.Path = inert.Host, inert.Path // which every feed is looked at for itself
	own.Interval, own.Weight, own.Ignore, own.ChangedAt = inert.Interval, inert.Weight, inert.Ignore, inert.ChangedAt
	own.Linger, own.StaleWhileRevalidate, own.StaleIfError = inert.Linger, inert.StaleWhileRevalidate, inert.StaleIfError
	own.Serve, own.Wait, own.WaitQuery, own.TransportQuery = inert.Serve, inert.Wait, inert.WaitQuery, inert.TransportQuery
	own.Keepalive, own.RefreshOn, own.WebSocket = inert.Keepalive, inert.RefreshOn, inert.WebSocket
	if own.Share != config.ShareAuthorize {
		own.Authorize = inert.Authorize
	}
	text, _ := json.Marshal(&own) // texts, numbers and lists of these always marshal
	said := string(text) + "\n" + u.host
	if own.Share == config.ShareAuthorize {
		// Whom one origin lets in, another one has not let in.
		said += "\n" + strconv.FormatUint(u.place, 10)
	}
	sum := sha256.Sum256([]byte(said))
	return hex.EncodeToString(sum[:8])
}

// newPolicy is how a route is shared. No two that differ make the same key, so that who
// still goes by one never finds what is kept by the other; and no consent by one is good
// by the other.
func (p *Proxy) newPolicy(r *route) *share.Policy {
	secret := p.secret
	if r.Share == config.ShareAuthorize {
		secret = sha256.Sum256(append(secret[:len(secret):len(secret)], r.sharing...))
	}
	return share.NewPolicy(r.Name+" "+r.sharing, r.Route, r.upstream.host, secret)
}
