package share

import (
	"bytes"
	"net/url"
	"slices"

	"github.com/pollmux/pollmux/proxy/head"
)

// hideLines is lines without the values of credentials, and of what is called like
// one.
func hideLines(lines []line) []line {
	shown := slices.Clone(lines)
	for i := range shown {
		switch l := &shown[i]; {
		case head.Lookup(l.name) == head.Cookie:
			l.value = hideCookies(l.value)
		case l.class == identity, soundsSecret(l.name):
			l.value = []byte(hidden)
		}
	}
	return shown
}

// hideCookies leaves their names.
func hideCookies(cookies []byte) []byte {
	var shown []byte
	for pair := range bytes.SplitSeq(cookies, []byte("; ")) {
		if len(shown) > 0 {
			shown = append(shown, "; "...)
		}
		if name := shownCookie(pair); name != hidden {
			shown = append(append(shown, name...), '=')
		}
		shown = append(shown, hidden...)
	}
	return shown
}

// HideQuery is a target without the values of parameters that are called like a
// secret, in whatever spelling.
func HideQuery(target []byte) []byte {
	path, query, found := bytes.Cut(target, []byte{'?'})
	if !found {
		return target
	}
	shown := append(bytes.Clone(path), '?')
	for len(query) > 0 {
		end := bytes.IndexAny(query, "&;") // for some servers both end a parameter
		if end < 0 {
			end = len(query)
		}
		shown = append(shown, hideParam(query[:end])...)
		shown = append(shown, query[end:min(end+1, len(query))]...)
		query = query[min(end+1, len(query)):]
	}
	return shown
}

func hideParam(param []byte) []byte {
	name, _, hasValue := bytes.Cut(param, []byte{'='})
	if !hasValue {
		return param
	}
	meant := string(name)
	if plain, err := url.QueryUnescape(meant); err == nil {
		meant = plain
	}
	if !soundsSecret([]byte(meant)) {
		return param
	}
	return append(append(bytes.Clone(name), '='), hidden...)
}

// secretWords are parts of names that secrets go by. What is meant is to hide too
// much: nothing is decided by them.
var secretWords = []string{"auth", "token", "secret", "passw", "pwd", "key", "session", "sess", "sid", "sig", "jwt", "credential", "cert", "otp", "pin", "csrf", "xsrf", "bearer", "saml", "ticket", "hmac"}

func soundsSecret(name []byte) bool {
	lower := bytes.ToLower(name)
	return slices.ContainsFunc(secretWords, func(word string) bool { return bytes.Contains(lower, []byte(word)) })
}
