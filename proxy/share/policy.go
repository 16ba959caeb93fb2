package share

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
)

// Policy says for one route what is in a key. Its methods may be called
// concurrently.
type Policy struct {
	name   string // the route's
	prefix string // tells what is shared in different ways apart
	host   []byte // sent to the origin in place of the client's; empty keeps that
	public bool   // credentials are left out of the key
	lends  bool   // and a poll may carry those of a client
	needs  bool   // a request without credentials is refused
	stores bool   // what an answer without credentials says of storing it is for caches

	get, post bool // which methods are reads

	// What the route says of fields, by folded name.
	keyed, ignored, credential map[string]bool

	cookies     config.Globs // if any: the only ones that count
	lostCookies config.Globs // never count
	analytics   config.Globs // do not count, unless they look like a session
	lostQuery   config.Globs
	sortQuery   bool

	vary   atomic.Pointer[Vary]
	varyMu sync.Mutex // held to learn

	hashes sync.Pool // of hash.Hash
}

// Vary is the set of fields that a route's answers turned out to depend on, by
// folded name and sorted. It is immutable: a larger set is another Vary.
type Vary struct{ names []string }

// Names lists the fields, in lower case.
func (v *Vary) Names() []string { return v.names }

// maxVary bounds how many fields an origin can make part of the key. One that
// names more has answers that are not worth sharing.
const maxVary = 16

// Secret is the key of this process under which credentials are hashed.
type Secret [32]byte

// NewSecret returns a random one.
func NewSecret() (s Secret) {
	_, _ = rand.Read(s[:]) // never fails: crypto/rand
	return s
}

// NewPolicy compiles a route. prefix must differ between policies
// that differ, of one route as well.
func NewPolicy(prefix string, r *config.Route, host string, secret Secret) *Policy {
	p := &Policy{
		name:        r.Name,
		prefix:      prefix,
		host:        []byte(strings.ToLower(host)),
		public:      r.Share == config.SharePublic || r.Share == config.ShareAuthorize,
		lends:       r.Share == config.ShareAuthorize,
		needs:       r.Share == config.ShareIdentity,
		stores:      r.ShareNoStore,
		get:         slices.Contains(r.Methods, "GET"),
		post:        slices.Contains(r.Methods, "POST"),
		keyed:       nameSet(r.Key.Headers),
		ignored:     nameSet(r.Key.IgnoreHeaders),
		credential:  nameSet(r.CredentialHeaders),
		cookies:     r.CredentialCookies,
		lostCookies: r.Key.IgnoreCookies,
		analytics:   analyticsCookies(),
		lostQuery:   r.Key.IgnoreQuery,
		sortQuery:   r.Key.SortQuery,
	}
	p.vary.Store(&Vary{})
	p.hashes.New = func() any { return hmac.New(sha256.New, secret[:]) }
	return p
}

func nameSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[string(appendFolded(nil, []byte(name)))] = true
	}
	return set
}

// appendFolded appends a field name in the one spelling by which rules know it:
// in lower case, with hyphens for underscores, as [head.Lookup] does.
func appendFolded(b, name []byte) []byte {
	for _, c := range name {
		if c = lowerByte(c); c == '_' {
			c = '-'
		}
		b = append(b, c)
	}
	return b
}

// isAnyOf reports whether a field is one of those with these folded names.
func isAnyOf(folded []string, name []byte) bool {
	var buf [foldedSize]byte
	b := appendFolded(buf[:0], name)
	for _, f := range folded {
		if f == string(b) {
			return true
		}
	}
	return false
}

// foldedSize is the length of names that are folded without allocating.
const foldedSize = 64

// analyticsCookies are set by scripts for their own purposes; no server decides
// by them what to answer.
func analyticsCookies() config.Globs {
	return config.Globs{
		"_ga*", "_gid", "_gat*", "_gac_*", "_gcl_*", "__utm*", "_fbp", "_fbc", "_hj*", "_pk_*", "_mkto_trk",
		"_clck", "_clsk", "_uet*", "_dd_s", "_rdt_uuid", "_scid*", "_tt_*", "_ttp", "_pin_unauth", "_derived_epik",
		"__hstc", "__hssc", "__hssrc", "hubspotutk", "amplitude_id*", "amp_*", "mp_*", "ajs_anonymous_id",
		"optimizelyEndUserId", "_vwo_uuid*", "_vis_opt_*", "_cs_c", "_cs_id", "_cs_s", "s_cc", "s_sq", "s_vi",
		"AMCV_*", "AMCVS_*", "OptanonConsent", "OptanonAlertBoxClosed", "CookieConsent", "euconsent-v2",
	}
}

// class is what a field does to the key.
type class uint8

const (
	out      class = iota // neither in the key nor on the wire
	in                    // both
	identity              // its hash in the key, itself on the wire
	withheld              // a credential where all share one feed: neither
)

// classify says what a field of this route's requests does, and why, for people.
// trusted is whether the client is believed what it says of its way, reader whether
// it is somebody who wants a page.
func (p *Policy) classify(f *head.Field, vary *Vary, trusted, reader bool) (c class, why string) {
	if p.hasOwnRules() || len(vary.names) > 0 {
		if c, why = p.ownRule(f, vary, trusted); why != "" {
			return c, why
		}
	}
	switch f.Is {
	case head.AcceptLanguage:
		if reader {
			return in, "the client asks for a page (Accept: text/html), and few origins that translate pages say so in Vary"
		}
	case head.Other, head.Origin, head.Accept, head.Prefer:
		return in, whyKeyed(f.Is)
	case head.Credential, head.Cookie:
		return p.identity(), "it may say who is asking"
	}
	return out, whyOut(f.Is)
}

func (p *Policy) identity() class {
	if p.public {
		return withheld
	}
	return identity
}

func (p *Policy) hasOwnRules() bool {
	return len(p.keyed)+len(p.ignored)+len(p.credential) > 0
}

// ownRule applies what the operator wrote, or the origin said in Vary; without
// either, why is "". Neither can make pollmux's own fields part of a poll. An origin
// that varies by a forwarding field believes it: a stranger's is as if it were not
// there.
func (p *Policy) ownRule(f *head.Field, vary *Vary, trusted bool) (c class, why string) {
	if isManaged(f.Is) || f.Is == head.Credential || f.Is == head.Cookie {
		return out, ""
	}
	var buf [foldedSize]byte
	name := appendFolded(buf[:0], f.Name)
	switch {
	case p.credential[string(name)]:
		return p.identity(), "credential_headers names it"
	case p.ignored[string(name)]:
		return out, "key.ignore_headers names it"
	case p.keyed[string(name)]:
		return in, "key.headers names it"
	case (trusted || f.Is != head.Forwarding) && isAnyOf(vary.names, f.Name):
		return in, "the origin's answers on this route depend on it: its Vary says so"
	}
	return out, ""
}

// isManaged reports whether pollmux itself says what such a field is on a
// poll, or reads it instead of the origin.
func isManaged(name head.Name) bool {
	switch name {
	case head.Host, head.ContentLength, head.TransferEncoding, head.Connection, head.HopByHop, head.Upgrade, head.Expect,
		head.AcceptEncoding, head.LastEventID, head.IfNoneMatch, head.IfModifiedSince, head.IfRange, head.Range,
		head.CacheControl, head.WebSocket, head.MethodOverride:
		return true
	}
	return false
}

// Vary returns what was learned so far.
func (p *Policy) Vary() *Vary { return p.vary.Load() }

// Learn adds fields that a response's Vary named. It reports whether any of
// them is new.
func (p *Policy) Learn(names []string) bool {
	p.varyMu.Lock()
	defer p.varyMu.Unlock()
	old := p.vary.Load()
	all := slices.Concat(old.names, names)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == len(old.names) {
		return false
	}
	p.vary.Store(&Vary{names: all})
	return true
}

func (p *Policy) hash() hash.Hash { return p.hashes.Get().(hash.Hash) }
