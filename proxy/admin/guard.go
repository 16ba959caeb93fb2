package admin

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard lets in whoever has the token, or whoever is here where there is none.
// Health is no secret, and neither is the dashboard before it was told anything.
func (a *Admin) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch {
		case r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || a.admits(r):
			next.ServeHTTP(w, r)
		case *a.token.Load() == "":
			say(w, http.StatusForbidden, "ask for this by address or as localhost, or set admin.token")
		default:
			a.challenge(w, r)
		}
	})
}

// challenge asks for the token. Browsers ask their user when they are challenged
// for a password; but the dashboard asks by itself, and keeps the token for as long
// as it is open: not in its address, nor in a cookie, which other ports of this host
// would be sent as well.
func (a *Admin) challenge(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("WWW-Authenticate", `Bearer realm="pollmux admin"`)
	if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		a.dashboard.send(w, r, http.StatusUnauthorized)
		return
	}
	if r.Header.Get("Sec-Fetch-Dest") != "empty" { // that is a script's request
		w.Header().Add("WWW-Authenticate", `Basic realm="pollmux admin", charset="UTF-8"`)
	}
	say(w, http.StatusUnauthorized, "send admin.token as Authorization: Bearer, or as the password of any user")
}

// admits reports whether a request may see everything.
func (a *Admin) admits(r *http.Request) bool {
	if *a.token.Load() == "" {
		return isHere(r.Host)
	}
	return a.knows(r)
}

// knows reports whether a request has the token: as a bearer's, or for a browser
// as the password of any user.
func (a *Admin) knows(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if _, password, ok := r.BasicAuth(); ok {
		given = password
	} else if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(*a.token.Load())) == 1
}

// isHere reports whether an authority is an address or localhost: no name that
// somebody else's DNS could point here.
func isHere(authority string) bool {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		host = authority
	}
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}
