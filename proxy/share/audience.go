package share

import (
	"bytes"

	"github.com/pollmux/pollmux/proxy/head"
)

// Audience is who has the same key: for whom an answer to it may be meant.
type Audience uint8

const (
	// Everybody who asks for this has the key.
	Everybody Audience = iota

	// Identified clients have the key: they sent the same credentials. These
	// may be an application's, or a cookie that is no session.
	Identified

	// OneUser has the key, as far as credentials can tell.
	OneUser
)

// applicationKeys are credentials that all users of an application send alike.
var applicationKeys = []string{
	"api-key", "apikey", "x-api-key", "x-apikey", "x-app-key", "x-goog-api-key", "x-functions-key",
	"ocp-apim-subscription-key", "client-id", "client-secret", "x-client-id", "x-client-secret", "x-ibm-client-id",
	"x-ibm-client-secret", "cf-access-client-id", "cf-access-client-secret", "x-tenant-id", "x-ssl-client-verify",
}

// sessions are cookies by which the common frameworks know a user, in lower
// case; sessionEnds and sessionBegins are how others begin and end.
var (
	sessions = []string{
		"phpsessid", "jsessionid", "asp.net_sessionid", ".aspxauth", ".aspnetcore.session", "sessionid", "session-id",
		"session", "sid", "ssid", "connect.sid", "laravel_session", "remember_token", "token", "access_token",
		"id_token", "jwt", "auth", "cf_authorization", "cfid", "cftoken", "ci_session", "grafana_session",
	}
	sessionEnds   = []string{"_session", "_key", "_sid", "_token", "session_id", ".sid"}
	sessionBegins = []string{"__host-", "__secure-", "auth_", "auth-", "wordpress_logged_in_", "sess", ".aspnetcore."}
)

// audienceOf says what a line that is an identity says of who has it. What the
// operator named is taken at their word.
func (p *Policy) audienceOf(f *head.Field, value []byte) Audience {
	switch {
	case f.Is == head.Cookie:
		if len(p.cookies) > 0 || hasSession(value) {
			return OneUser
		}
		return Identified
	case f.Is == head.Credential && isAnyOf(applicationKeys, f.Name):
		return Identified
	}
	return OneUser
}

// hasSession reports whether one of a Cookie line's cookies is called like a
// session.
func hasSession(cookies []byte) bool {
	for pair := range bytes.SplitSeq(cookies, []byte{';'}) {
		name, _, _ := bytes.Cut(pair, []byte{'='})
		if isSession(bytes.TrimSpace(name)) {
			return true
		}
	}
	return false
}

func isSession(name []byte) bool {
	for _, s := range sessions {
		if equalFold(name, s) {
			return true
		}
	}
	for _, s := range sessionEnds {
		if len(name) >= len(s) && equalFold(name[len(name)-len(s):], s) {
			return true
		}
	}
	for _, s := range sessionBegins {
		if len(name) >= len(s) && equalFold(name[:len(s)], s) {
			return true
		}
	}
	return false
}

// equalFold compares with a string in lower case, without allocating.
func equalFold(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if lowerByte(c) != lower[i] {
			return false
		}
	}
	return true
}
