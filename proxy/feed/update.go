package feed

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// newUpdate makes a version of an answer. Nothing in it refers to a buffer that
// is used again.
func (f *Feed) newUpdate(fl *flight, l landing, old *upgrade.Update, taken *charge) *upgrade.Update {
	h := l.response.Header
	tag := f.entityTag(l, old)
	return upgrade.NewUpdate(upgrade.Update{
		Version:      f.runs.version,
		ETag:         tag,
		ID:           f.tag + "-" + digest(tag),
		Status:       l.response.Status,
		Type:         h.Get("Content-Type"),
		Body:         l.body,
		Header:       f.sharedFields(h),
		CacheControl: f.cacheControl(h),
		LastModified: f.laterDate(h.Get("Last-Modified")),
		Date:         dateOf(h, l.received),
		Vary:         f.vary(f.policy().Vary, h),
		Polled:       fl.began,
		Received:     l.received,
		Age:          ageOf(h),
		After:        f.after(l, old),
		Taken:        taken.grow,
		Offer:        f.spec.Offer,
	})
}

// after is when there was another version for the last time, as far as is known.
func (f *Feed) after(l landing, old *upgrade.Update) time.Time {
	if old == nil {
		return time.Time{}
	}
	return maxTime(f.runs.vouched, l.instant.At)
}

// entityTag is the origin's own if it is a strong one, so that it stays valid
// with pollmux taken away, and not what could be that of another version under a
// coding. An origin that changes the body and not the tag does
// not mean it, and is not believed again: clients may still have what the tag
// stood for first.
func (f *Feed) entityTag(l landing, old *upgrade.Update) string {
	tag := l.response.Header.Get("ETag")
	f.runs.lying = f.runs.lying || old != nil && old.ETag == tag
	if isStrongTag(tag) && !f.runs.lying && !coding.IsTag(tag) {
		return tag
	}
	return upgrade.HashTag(l.response.Status, l.response.Header.Get("Content-Type"), l.body)
}

// laterDate leaves the date out of a version that is older than one before it, as
// an origin of several servers or one that was rolled back sends: who has the
// newer one would be told by If-Modified-Since that nothing changed.
func (f *Feed) laterDate(value string) string {
	modified, err := http.ParseTime(value)
	switch {
	case err != nil:
		return value
	case modified.Before(f.runs.newest):
		return ""
	}
	f.runs.newest = modified
	return value
}

// isStrongTag checks the syntax of RFC 9110 section 8.8.3.
func isStrongTag(tag string) bool {
	return len(tag) > 2 && len(tag) <= 128 && tag[0] == '"' && strings.IndexByte(tag[1:], '"') == len(tag)-2
}

// keyTag names a key in IDs and logs.
func keyTag(key string) string { return digest(key) }

// digest is 60 bits of SHA-256, enough to tell versions of one resource from
// each other.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:10]
}

// notShared are fields of an answer that are not for clients, or that each
// answer says anew.
var notShared = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authenticate": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Content-Length": true, "Http2-Settings": true,
	"Age": true, "Cache-Control": true, "Content-Type": true, "Date": true, "Etag": true, "Last-Modified": true,
	"Vary": true, "Content-Encoding": true,
}

func (f *Feed) sharedFields(h origin.Header) []upgrade.Field {
	fields := make([]upgrade.Field, 0, len(h))
	for _, l := range h {
		if !notShared[http.CanonicalHeaderKey(l.Name)] && !h.HasToken("Connection", l.Name) && !(f.spec.Lending != nil && IsForCaches(l.Name)) {
			fields = append(fields, upgrade.Field(l))
		}
	}
	return fields
}

// cacheControl is what clients and caches on their way are told. Where each
// client is let in first, none of these may let another in instead.
func (f *Feed) cacheControl(h origin.Header) string {
	said := joined(h, "Cache-Control")
	if f.spec.Lending == nil {
		return said
	}
	if directives, err := origin.ParseDirectives(h, "Cache-Control"); err != nil || directives.Has("no-transform") {
		return ForOneClient + ", no-transform"
	}
	return ForOneClient
}

// ForOneClient is the Cache-Control of an answer that no cache may give to
// another client.
const ForOneClient = "private, no-cache"

// IsForCaches reports whether a field tells caches what Cache-Control does.
func IsForCaches(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Expires", "Pragma", "Cdn-Cache-Control", "Surrogate-Control":
		return true
	}
	return false
}

// replaced returns the old fields without those that newer ones are there for,
// and these.
func replaced(old, newer []upgrade.Field) []upgrade.Field {
	kept := make([]upgrade.Field, 0, len(old)+len(newer))
	for _, f := range old {
		if !slices.ContainsFunc(newer, func(n upgrade.Field) bool { return strings.EqualFold(n.Name, f.Name) }) {
			kept = append(kept, f)
		}
	}
	return append(kept, newer...)
}

// joined returns all lines of a list field as one.
func joined(h origin.Header, name string) string {
	var lines []string
	for value := range h.Values(name) {
		lines = append(lines, value)
	}
	return strings.Join(lines, ", ")
}

// dateOf is when the answer was made, as far as the origin says (RFC 9110
// section 6.6.1).
func dateOf(h origin.Header, received time.Time) string {
	if date := h.Get("Date"); date != "" {
		return date
	}
	return received.UTC().Format(http.TimeFormat)
}

// ageOf is how old the answer was when it came. A number too large to be
// represented is a very old one (RFC 9111 section 1.2.2).
func ageOf(h origin.Header) time.Duration {
	n, err := strconv.ParseUint(ageField(h), 10, 31)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(n) * time.Second
}

// ageField is the first member of Age, the one that counts if something on the
// way has made a list of it (RFC 9111 section 5.1).
func ageField(h origin.Header) string {
	first, _, _ := strings.Cut(h.Get("Age"), ",")
	return strings.TrimSpace(first)
}

// conclusiveDate is Last-Modified, if it can tell two versions apart: the origin's
// clock had moved on when it sent this one (RFC 9110 section 8.8.2.2). Otherwise
// there could have been another change within the same second, and the origin
// would answer 304 from then on.
func conclusiveDate(h origin.Header) string {
	value := h.Get("Last-Modified")
	modified, err1 := http.ParseTime(value)
	sent, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil || sent.Sub(modified) < time.Second {
		return ""
	}
	return value
}

// vary adds to what is known what the origin says, what other answers of the
// route have made part of the key, and what is in the key of this feed.
func (f *Feed) vary(all string, h origin.Header) string {
	for name := range h.Tokens("Vary") {
		if !containsToken(all, name) {
			all += ", " + name
		}
	}
	for _, name := range slices.Concat(f.spec.Keyed, f.runs.known.Names()) {
		if !containsToken(all, name) {
			all += ", " + http.CanonicalHeaderKey(name)
		}
	}
	return all
}

func containsToken(list, token string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(member), token) {
			return true
		}
	}
	return false
}
