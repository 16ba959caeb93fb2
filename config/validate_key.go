package config

import (
	"slices"
	"strings"
)

// identity checks what makes one.
func (v *validator) identity(route string, r *Route) {
	for i, name := range r.CredentialHeaders {
		v.header(item(route+".credential_headers", i), name)
	}
	field := route + ".credential_cookies"
	switch {
	case r.CredentialCookies == nil:
		return
	case len(r.CredentialCookies) == 0:
		v.wrong(field, "names no cookie; name those that make an identity, or remove it: then all of them do")
	case r.Share == SharePublic && v.sound(route+".share"):
		v.wrong(field, "has no effect with share: public, which sends no cookie; remove it, or share: public")
	}
	v.globs(field, r.CredentialCookies)
	for i, glob := range r.CredentialCookies {
		if r.Key.IgnoreCookies.Match(glob) {
			v.wrong(item(field, i), "%s is dropped by key.ignore_cookies; a cookie makes an identity or is ignored, not both", quote(glob))
		}
	}
}

// key checks what is in the key, and what is not.
func (v *validator) key(route string, r *Route) {
	field, k := route+".key", r.Key
	credentials, keyed := fold(r.CredentialHeaders), fold(k.Headers)
	v.globs(field+".ignore_query", k.IgnoreQuery)
	v.globs(field+".ignore_cookies", k.IgnoreCookies)
	for i, name := range k.Headers {
		v.keyHeader(item(field+".headers", i), name, credentials)
	}
	for i, name := range k.IgnoreHeaders {
		at := item(field+".ignore_headers", i)
		v.keyHeader(at, name, credentials)
		if keyed[strings.ToLower(name)] {
			v.wrong(at, "%s is in key.headers too; a header is part of the key or ignored, not both", quote(name))
		}
	}
}

// keyHeader checks a header whose place in the key is to be changed.
func (v *validator) keyHeader(field, name string, credentials map[string]bool) {
	if !v.header(field, name) {
		return
	}
	switch lower := strings.ToLower(name); {
	case slices.Contains([]string{"authorization", "cookie", "proxy-authorization"}, lower):
		v.wrong(field, "%s is a credential, which makes the identity of a request; remove it, share says who may share", quote(name))
	case credentials[lower]:
		v.wrong(field, "%s is in credential_headers, which makes it part of the identity; remove it from one of them", quote(name))
	}
}

// header checks the name of a header that a rule of a route is about, and
// reports whether it is right.
func (v *validator) header(field, name string) bool {
	switch lower := strings.ToLower(name); {
	case !isToken(name):
		v.wrong(field, "%s is not the name of a header; letters, digits and any of %s are allowed", quote(name), tokenMarks)
	case lower == "host":
		v.wrong(field, "Host is always part of the key; remove it")
	case slices.Contains([]string{"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}, lower):
		v.wrong(field, "%s is about one connection or one message and is not sent on; remove it", quote(name))
	default:
		return true
	}
	return false
}

// fold returns the names of headers as a set, in lower case.
func fold(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

const tokenMarks = "!#$%&'*+-.^_`|~"

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	return s != "" && strings.Trim(s, letters+digits+tokenMarks) == ""
}

func (v *validator) globs(field string, globs Globs) {
	for i, glob := range globs {
		switch name := strings.TrimSuffix(glob, "*"); {
		case glob == "":
			v.wrong(item(field, i), "is empty; write a name, or the beginning of one and \"*\"")
		case strings.Contains(name, "*"):
			v.wrong(item(field, i), "%s has a \"*\" before its end; one \"*\" at the end is allowed", quote(glob))
		}
	}
}

// pointer checks a JSON pointer (RFC 6901).
func (v *validator) pointer(field, pointer string) {
	unescaped := strings.NewReplacer("~0", "", "~1", "").Replace(pointer)
	switch {
	case !strings.HasPrefix(pointer, "/"):
		v.wrong(field, "%s is not a JSON pointer; it begins with \"/\", as /server_time or /items/0/age", quote(pointer))
	case strings.Contains(unescaped, "~"):
		v.wrong(field, "%s has a \"~\" of its own; write ~0 for \"~\" and ~1 for \"/\" inside a name", quote(pointer))
	}
}
