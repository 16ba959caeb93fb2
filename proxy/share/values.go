package share

import "bytes"

// preferValue drops the preferences that pollmux itself honours (RFC 7240).
func (k *Key) preferValue(prefer []byte) []byte {
	return k.filter(prefer, ',', func(member []byte) bool {
		name, _, _ := bytes.Cut(member, []byte{'='})
		name, _, _ = bytes.Cut(name, []byte{';'})
		return !bytes.EqualFold(bytes.TrimSpace(name), []byte("wait"))
	})
}

// cookieValue drops the cookies that do not count (RFC 6265 section 4.2.1).
func (k *Key) cookieValue(cookie []byte) []byte {
	return k.filter(cookie, ';', func(pair []byte) bool {
		counts, _ := k.policy.countsCookie(cookieName(pair))
		return counts
	})
}

func cookieName(pair []byte) []byte {
	name, _, _ := bytes.Cut(pair, []byte{'='})
	return bytes.TrimSpace(name)
}

// countsCookie reports whether a cookie may say who is asking, and why, for people.
func (p *Policy) countsCookie(name []byte) (counts bool, why string) {
	switch {
	case len(p.cookies) > 0 && p.cookies.Match(string(name)):
		return true, "credential_cookies names it"
	case len(p.cookies) > 0:
		return false, "credential_cookies names others"
	case p.lostCookies.Match(string(name)):
		return false, "key.ignore_cookies names it"
	case looksLikeSession(name), !p.analytics.Match(string(name)):
		return true, "it may say who is asking"
	}
	return false, "a well-known analytics cookie, by which no server decides what to answer"
}

// looksLikeSession reports whether a cookie is called as frameworks call their
// sessions, _<application>_session (Rails) or _<application>_key (Phoenix): an
// application called gallery has nothing to do with _ga*.
func looksLikeSession(name []byte) bool {
	return bytes.HasSuffix(name, []byte("_session")) || bytes.HasSuffix(name, []byte("_key"))
}

// filter keeps the members of a list, byte for byte, in their order. It returns
// nil if none is left.
func (k *Key) filter(list []byte, separator byte, keep func([]byte) bool) []byte {
	start := len(k.scratch)
	for len(list) > 0 {
		member := list
		if i := bytes.IndexByte(list, separator); i >= 0 {
			member, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		member = bytes.Trim(member, " \t")
		if len(member) == 0 || !keep(member) {
			continue
		}
		if len(k.scratch) > start {
			k.scratch = append(k.scratch, separator, ' ')
		}
		k.scratch = append(k.scratch, member...)
	}
	if len(k.scratch) == start {
		return nil
	}
	return k.scratch[start:len(k.scratch):len(k.scratch)]
}
