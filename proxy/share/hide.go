package share

import (
	"bytes"
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
// secret.
func HideQuery(target []byte) []byte {
	path, query, found := bytes.Cut(target, []byte{'?'})
	if !found {
		return target
	}
	shown := append(bytes.Clone(path), '?')
	for i, param := range bytes.Split(query, []byte{'&'}) {
		if i > 0 {
			shown = append(shown, '&')
		}
		if name, _, hasValue := bytes.Cut(param, []byte{'='}); hasValue && soundsSecret(name) {
			param = append(append(bytes.Clone(name), '='), hidden...)
		}
		shown = append(shown, param...)
	}
	return shown
}

// secretWords are parts of names that secrets go by. What is meant is to hide too
// much: nothing is decided by them.
var secretWords = []string{"auth", "token", "secret", "passw", "pwd", "key", "session", "sess", "sid", "sig", "jwt", "credential", "cert", "otp", "pin"}

func soundsSecret(name []byte) bool {
	lower := bytes.ToLower(name)
	return slices.ContainsFunc(secretWords, func(word string) bool { return bytes.Contains(lower, []byte(word)) })
}
