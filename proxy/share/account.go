package share

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// Part is what became of one part of a request: a header field, a cookie or a
// parameter of the query. It never has a value.
type Part struct {
	Name  string `json:"name"`
	Class string `json:"class"` // see below; of a parameter kept or dropped
	Keyed bool   `json:"keyed"` // part of the key
	Sent  bool   `json:"sent"`  // part of the shared poll
	Why   string `json:"why"`
}

// The classes of header fields and cookies.
const (
	ClassHarmless   = "harmless"
	ClassCredential = "credential"
	ClassUnknown    = "unknown"
	ClassKeyed      = "keyed" // by the operator's word, the origin's or ours
	ClassIgnored    = "ignored"
	ClassOurs       = "ours" // pollmux's own to read or to write
	ClassKept       = "kept"
	ClassDropped    = "dropped"
)

// Account is how a key was made, for people. It has no value of a credential, nor
// anything that could be made into one or compared with another's.
type Account struct {
	Fields  []Part `json:"fields"`
	Cookies []Part `json:"cookies"`
	Query   []Part `json:"query"`

	// Key are the parts of the key, in its order; the last one says what the
	// identity is made of, if there is one.
	Key []string `json:"key"`

	// Identity names the credentials that the poll has, and Withheld those that
	// it has not, being everybody's.
	Identity []string `json:"identity"`
	Withheld []string `json:"withheld"`

	// Poll is the head of the poll, byte for byte, but for what is hidden.
	Poll string `json:"poll"`
}

// hidden stands for what is nobody's business.
const hidden = "***"

// Account tells how a key was made, of the request that it was made from. agent and
// trail are as in [Key.Request].
func (k *Key) Account(h *head.Head, ask Ask, agent, trail string) Account {
	a := Account{Fields: k.fieldParts(h, ask), Cookies: []Part{}, Query: k.queryParts(h, ask.Query)}
	for i := range h.Fields {
		if f := &h.Fields[i]; f.Is == head.Cookie {
			a.Cookies = append(a.Cookies, k.cookieParts(f.Value)...)
		}
	}
	shown := *k
	shown.target, shown.lines = HideQuery(k.target), hideLines(k.lines)
	a.Identity, a.Withheld = credentialNames(k.lines), credentialNames(k.own)
	a.Key = shown.parts(a.Identity)
	a.Poll = string(shown.Request(nil, agent, trail))
	return a
}

// parts are those of the key. The key's lines have nothing secret any more.
func (k *Key) parts(identity []string) []string {
	all := []string{"route " + k.policy.name, "host " + string(k.hostSent()), "target " + string(k.target)}
	if k.post {
		all = append(all, "a hash of the body, as it is a POST")
	}
	for _, l := range k.lines {
		if l.class == in {
			all = append(all, strings.ToLower(string(l.name))+": "+string(l.value))
		}
	}
	if len(identity) > 0 {
		all = append(all, "an identity of its own, from "+strings.Join(identity, " and "))
	}
	return all
}

// fieldParts are the fields, in the order of the request. Each stands for all of its
// lines.
func (k *Key) fieldParts(h *head.Head, ask Ask) []Part {
	parts := []Part{}
	for i := range h.Fields {
		f := &h.Fields[i]
		if f.Is == head.Host {
			continue // it is a part of the key by another name
		}
		c, why := k.policy.classify(f, k.vary, ask.Trusted, wantsPage(h))
		part := Part{Name: string(appendCanonical(nil, f.Name)), Class: nameOf(c, f, why), Why: why}
		if c != out && len(k.value(h, i, ask)) == 0 {
			c, part.Class, part.Why = out, ClassOurs, whyNothing(f, ask)
		}
		if part.Class == ClassUnknown && soundsSecret(f.Name) {
			part.Why += "; if it says who is asking, name it in credential_headers"
		}
		part.Keyed, part.Sent = c == in || c == identity, c == in || c == identity
		if c == withheld {
			part.Why += ", and one poll for all has nobody's"
		}
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.Name == part.Name && (p.Keyed || !part.Keyed) }) {
			parts = append(parts, part)
		}
	}
	return parts
}

// nameOf is the class of a field, by its common name.
func nameOf(c class, f *head.Field, why string) string {
	switch {
	case c == identity, c == withheld:
		return ClassCredential
	case c == in && f.Is == head.Other && why == whyKeyed(head.Other):
		return ClassUnknown
	case c == in:
		return ClassKeyed
	case why != whyOut(f.Is):
		return ClassIgnored
	case isManaged(f.Is):
		return ClassOurs
	}
	return ClassHarmless
}

// whyNothing says why nothing of a field counts that would.
func whyNothing(f *head.Field, ask Ask) string {
	switch {
	case f.Is == head.Cookie:
		return "none of its cookies counts"
	case f.Is == head.Accept && ask.Accept, f.Is == head.Prefer, f.Is == head.Origin && ask.Origin:
		return "pollmux itself has read it"
	case f.Is == head.Accept && len(f.Value) > 0:
		return "anything is what polls ask for"
	}
	return "it is empty, which is as good as not there"
}

func (k *Key) cookieParts(cookie []byte) (parts []Part) {
	for pair := range bytes.SplitSeq(cookie, []byte{';'}) {
		if pair = bytes.Trim(pair, " \t"); len(pair) == 0 {
			continue
		}
		counts, why := k.policy.countsCookie(cookieName(pair))
		part := Part{Name: shownCookie(pair), Class: ClassIgnored, Keyed: counts && !k.policy.public, Sent: counts && !k.policy.public, Why: why}
		if counts {
			part.Class = ClassCredential
		}
		parts = append(parts, part)
	}
	return parts
}

// shownCookie is the name of a cookie. What has no "=" could be a value.
func shownCookie(pair []byte) string {
	if bytes.IndexByte(pair, '=') < 0 {
		return hidden
	}
	return string(cookieName(pair))
}

func (k *Key) queryParts(h *head.Head, read []string) []Part {
	parts := []Part{}
	for param := range bytes.SplitSeq(h.Query, []byte{'&'}) {
		if len(param) == 0 {
			continue
		}
		lost, why := k.policy.lost(param, read)
		part := Part{Name: string(paramName(param)), Class: ClassKept, Keyed: !lost, Sent: !lost, Why: why}
		switch {
		case lost:
			part.Class = ClassDropped
		case why == "" && k.policy.sortQuery:
			part.Why = "sorted by name (key.sort_query)"
		case why == "":
			part.Why = "kept as it is, where it is"
		}
		parts = append(parts, part)
	}
	return parts
}

// credentialNames names what the credentials among some lines are.
func credentialNames(lines []line) []string {
	names := []string{}
	for _, l := range lines {
		if l.class != identity && l.class != withheld {
			continue
		}
		name := string(appendCanonical(nil, l.name))
		if head.Lookup(l.name) == head.Cookie {
			for pair := range bytes.SplitSeq(l.value, []byte{';'}) {
				names = append(names, "Cookie "+shownCookie(bytes.Trim(pair, " \t")))
			}
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
