package upgrade

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/pollmux/pollmux/upgrade/coding"
)

const (
	// minCoded is how large a body has to be to be worth compressing: of less,
	// the fields that say so eat up what is won.
	minCoded = 256

	// maxCoded is how large it may be: everybody who waits for the version waits
	// for that, up to 400 ms.
	maxCoded = 8 << 20

	// codedExtra is what a coding adds to a head, about.
	codedExtra = 32
)

// codable says whether a version may be compressed, and whether it is worth it.
type codable uint8

const (
	never    codable = iota
	onDemand         // for clients that refuse it as it is
	worthIt
)

// codings are the bodies of one version under each coding, made once each, when
// the first client needs them.
type codings struct {
	tags [coding.Codings]string
	once [coding.Codings]sync.Once
	body [coding.Codings][]byte
}

func newCodings(u *Update) *codings {
	c := &codings{}
	for i := range c.tags {
		c.tags[i] = coding.Tag(u.ETag, coding.Coding(i))
	}
	return c
}

// Accepts is what a client takes of the codings that are offered, by its
// Accept-Encoding, all lines joined. It holds for all versions of a source.
func (u *Update) Accepts(acceptEncoding []byte) coding.Accepted {
	return u.Offer.Accepts(acceptEncoding)
}

// Select chooses the representation for a client, and reports whether it has that
// already (RFC 9110 section 13.2.2). Conditions that cannot be read are not met.
//
// A client is compared with the representation that is selected for it (section
// 13.1.2), and which one that is, is up to the server (section 12.1). So it is one
// that the client has, if it still takes it: its tag names the same version under
// another coding, or none. Anything else would send again what is there already,
// because of a change of mind. What the client would not take now, it does not have:
// a cache could not make another of its answers of it.
func (u *Update) Select(accepted coding.Accepted, ifNoneMatch, ifModifiedSince []byte) (c coding.Coding, notModified bool) {
	if u.codable == never {
		accepted = coding.Accepted{}
	}
	if u.Status == http.StatusOK && ifNoneMatch != nil {
		if c, named := u.named(accepted, ifNoneMatch); named {
			return c, true
		}
		return u.Choose(accepted), string(bytes.TrimSpace(ifNoneMatch)) == "*"
	}
	return u.Choose(accepted), u.NotModified(nil, ifModifiedSince)
}

// named finds the first tag of a list that is one of the update's.
func (u *Update) named(accepted coding.Accepted, list []byte) (coding.Coding, bool) {
	for len(list) > 0 {
		var member []byte
		if member, list = cutTag(list); member == nil {
			break
		}
		if string(member) == u.ETag && accepted.Has(coding.Identity) {
			return coding.Identity, true
		}
		for _, c := range accepted.All() {
			if string(member) == u.Tag(c) {
				return c, true
			}
		}
	}
	return coding.Identity, false
}

// Choose is the coding in which a client gets the update. For one that refuses it
// as it is, that need not be worth it.
func (u *Update) Choose(accepted coding.Accepted) coding.Coding {
	c := u.candidate(accepted)
	switch {
	case c == coding.Identity:
		return coding.Identity
	case u.coded(c) == nil, accepted.Has(coding.Identity) && len(u.coded(c))+codedExtra > len(u.Body):
		return coding.Identity
	}
	return c
}

// candidate is the coding that a client gets the update in if it is worth it.
func (u *Update) candidate(accepted coding.Accepted) coding.Coding {
	if u.codable == never || u.codable == onDemand && accepted.Has(coding.Identity) {
		return coding.Identity
	}
	return accepted.Best()
}

// Tag is the update's entity tag under a coding.
func (u *Update) Tag(c coding.Coding) string {
	if c == coding.Identity {
		return u.ETag
	}
	return u.codings.tags[c]
}

// coded is the update's body under a coding; nil if that cannot be had.
func (u *Update) coded(c coding.Coding) []byte {
	if c == coding.Identity {
		return u.Body
	}
	u.codings.once[c].Do(func() {
		u.codings.body[c] = bytes.Clone(u.Offer.Press.Whole(c, u.Body)) // without the room that it was made in
		u.keep(len(u.codings.body[c]))
	})
	return u.codings.body[c]
}

// isCodable looks at what the update says of itself. What the origin forbids to
// transform stays as it is (RFC 9110 section 7.7), and what it has signed or summed
// up as well.
func (u *Update) isCodable() codable {
	switch {
	case u.Offer == nil, !u.HasContent(), len(u.Body) == 0, len(u.Body) > maxCoded, hasDirective(u.CacheControl, "no-transform"):
		return never
	}
	for i := range u.Header {
		if isOfBytes(u.Header[i].Name) {
			return never
		}
	}
	if len(u.Body) < minCoded || !isCompressible(u.mediaType()) {
		return onDemand
	}
	return worthIt
}

// HasContent reports whether the answer has a body.
func (u *Update) HasContent() bool { return u.Status != http.StatusNoContent }

// isOfBytes reports whether a field tells of the very bytes of a body.
func isOfBytes(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Signature", "Content-Encoding", "Content-Range":
		return true
	}
	return false
}

// hasDirective reports whether a Cache-Control has a directive.
func hasDirective(cacheControl, directive string) bool {
	if len(cacheControl) < len(directive) {
		return false
	}
	for rest := []byte(cacheControl); len(rest) > 0; {
		var member []byte
		member, rest = cutList(rest, ',')
		name, _, _ := bytes.Cut(member, []byte{'='})
		if bytes.EqualFold(bytes.TrimSpace(name), []byte(directive)) {
			return true
		}
	}
	return false
}

// isCompressible reports whether a media type is one of text, or of something as
// long-winded. Pictures, films and archives are compressed already.
func isCompressible(mediaType string) bool {
	top, sub, _ := strings.Cut(mediaType, "/")
	for _, suffix := range []string{"+json", "+xml", "+yaml", "+text"} {
		if strings.HasSuffix(sub, suffix) {
			return true
		}
	}
	switch top {
	case "text":
		return true
	case "font":
		return sub == "ttf" || sub == "otf" || sub == "collection" // WOFF is compressed
	case "image":
		return sub == "bmp" || sub == "x-icon" || sub == "vnd.microsoft.icon"
	case "application":
		return compressible[sub]
	}
	return false
}

// compressible are the subtypes of application.
var compressible = map[string]bool{
	"json": true, "jsonl": true, "x-ndjson": true, "ndjson": true, "json-seq": true, "json5": true,
	"xml": true, "xml-dtd": true, "javascript": true, "x-javascript": true, "ecmascript": true,
	"yaml": true, "x-yaml": true, "toml": true, "sql": true, "graphql": true, "rtf": true, "x-sh": true,
	"wasm": true, "x-www-form-urlencoded": true, "vnd.ms-fontobject": true, "x-protobuf": true, "protobuf": true,
	"msgpack": true, "x-msgpack": true, "vnd.msgpack": true, "cbor": true, "vnd.apple.mpegurl": true, "x-mpegurl": true,
}
