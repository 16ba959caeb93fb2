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

// sharedCredentials are those that many users send alike: an application's, a
// group's, or what is no secret at all. So are all of sharedFamily but a session
// token.
var sharedCredentials = []string{
	"api-key", "apikey", "x-api-key", "x-apikey", "x-app-key", "x-goog-api-key", "x-functions-key",
	"ocp-apim-subscription-key", "client-id", "client-secret", "x-client-id", "x-client-secret", "x-ibm-client-id",
	"x-ibm-client-secret", "cf-access-client-id", "cf-access-client-secret", "x-tenant-id", "x-ssl-client-verify",
	"x-remote-groups", "x-forwarded-groups", "x-auth-request-groups",
}

var sharedFamily, sessionToken = []string{"x-amz-"}, []string{"x-amz-security-token"}

// sessions are cookies by which the common frameworks know a user, in lower
// case; sessionEnds are how others end.
var (
	sessions = []string{
		"phpsessid", "jsessionid", "asp.net_sessionid", ".aspxauth", ".aspnetcore.session", ".aspnetcore.cookies",
		"sessionid", "session-id", "session", "sid", "ssid", "connect.sid", "laravel_session", "remember_token", "token",
		"access_token", "id_token", "jwt", "auth", "cf_authorization", "cfid", "cftoken", "ci_session",
		"__host-session", "__secure-session", "__host-sid", "__secure-sid",
	}
	sessionEnds = []string{"_session", "_sessionid", "_session_id", "_sid", ".sid", "-session", "session-token", "_token"}
)

// A value shorter than these says nothing about one user: a secret is longer.
const (
	leastCredential = 8
	leastSession    = 16
)

// audienceOf says what a line that is an identity says of who has it. What the
// operator named is taken at their word.
func (p *Policy) audienceOf(f *head.Field, value []byte) Audience {
	var one bool
	switch f.Is {
	case head.Cookie:
		one = len(p.cookies) > 0 || hasSession(value)
	case head.Credential:
		one = isPersonal(f.Name, value)
	default:
		one = true // named in credential_headers
	}
	if one {
		return OneUser
	}
	return Identified
}

// isPersonal reports whether a credential is one user's.
func isPersonal(name, value []byte) bool {
	if isAnyOf(sharedCredentials, name) || isAnyOf(proofs, name) || isNobody(value) {
		return false
	}
	return !isOfSharedFamily(name) || isAnyOf(sessionToken, name)
}

func isOfSharedFamily(name []byte) bool {
	n := len(sharedFamily[0])
	return len(name) >= n && isAnyOf(sharedFamily, name[:n])
}

// isNobody reports whether a credential is what programs send that have none:
// "Bearer undefined".
func isNobody(value []byte) bool {
	secret := value[bytes.LastIndexByte(value, ' ')+1:]
	if len(secret) < leastCredential {
		return true
	}
	for _, nobody := range []string{"undefined", "anonymous"} {
		if bytes.EqualFold(secret, []byte(nobody)) {
			return true
		}
	}
	return false
}

// hasSession reports whether one of a Cookie line's cookies looks like a session,
// by name and length.
func hasSession(cookies []byte) bool {
	for pair := range bytes.SplitSeq(cookies, []byte{';'}) {
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if isSession(bytes.TrimSpace(name)) && len(bytes.TrimSpace(value)) >= leastSession {
			return true
		}
	}
	return false
}

func isSession(name []byte) bool {
	for _, s := range sessions {
		if bytes.EqualFold(name, []byte(s)) {
			return true
		}
	}
	for _, s := range sessionEnds {
		if len(name) >= len(s) && bytes.EqualFold(name[len(name)-len(s):], []byte(s)) {
			return true
		}
	}
	return false
}
