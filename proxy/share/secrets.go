package share

import "github.com/pollmux/pollmux/proxy/head"

// neverShared are response fields, by folded name, that are meant for one client,
// whoever it is: it is given a credential, or told something about its own.
var neverShared = []string{
	"set-cookie", "set-cookie2", "clear-site-data", "www-authenticate", "proxy-authenticate", "authentication-info",
	"proxy-authentication-info", "content-range", "dpop-nonce",
	"authorization", "x-authorization", "token", "x-token", "x-auth-token", "auth-token", "access-token",
	"x-access-token", "refresh-token", "x-refresh-token", "id-token", "x-id-token", "x-api-token", "x-app-token",
	"x-user-token", "x-device-token", "private-token", "job-token", "deploy-token", "x-gitlab-token", "x-github-token",
	"x-vault-token", "x-consul-token", "x-shopify-access-token", "x-jwt", "x-jwt-assertion", "jwt",
	"session", "x-session", "session-id", "x-session-id", "session-token", "x-session-token", "x-parse-session-token",
	"csrf-token", "x-csrf-token", "x-xsrf-token", "xsrf-token", "x-csrftoken",
	"api-key", "apikey", "x-api-key", "x-apikey", "x-auth-key", "x-amz-security-token",
	"x-auth-request-access-token", "x-forwarded-access-token", "x-amzn-oidc-accesstoken", "x-amzn-oidc-data",
}

// refuseField looks at the name of a response's field. One that says who is
// asking, said back, is about that one.
func (p *Policy) refuseField(name []byte, to Audience) Reason {
	switch {
	case isAnyOf(neverShared, name):
		return Reason(appendFolded(nil, name))
	case to != OneUser && (p.isOwnCredential(name) || isKnownCredential(name)):
		return "names-a-user"
	}
	return ""
}

func isKnownCredential(name []byte) bool {
	return head.Lookup(name) == head.Credential && !isAnyOf(proofs, name) && !isOfSharedFamily(name)
}

// isOwnCredential reports whether the operator named a field in
// credential_headers.
func (p *Policy) isOwnCredential(name []byte) bool {
	var buf [foldedSize]byte
	return p.credential[string(appendFolded(buf[:0], name))]
}
