package coding

import "bytes"

// Each coding of a version has an entity tag of its own (RFC 9110 section 8.8.3.3):
// the version's, and behind it what the coding is. The mark keeps it apart from the
// tags of origins, some of which write "-gzip" there.
const mark = "-pm-"

// Tag returns the entity tag of a version under a coding.
func Tag(tag string, c Coding) string {
	if c == Identity || len(tag) < 2 {
		return tag
	}
	return tag[:len(tag)-1] + mark + names[c] + `"`
}

// CutTag takes apart what Tag made: base, and a quotation mark, is the version's.
// Of any other tag that is what it returns, with Identity.
func CutTag(tag []byte) (base []byte, c Coding) {
	if len(tag) < 2 {
		return tag, Identity
	}
	base = tag[:len(tag)-1]
	at := bytes.LastIndex(base, []byte(mark))
	if at < 0 {
		return base, Identity
	}
	for c := Gzip; int(c) < Codings; c++ {
		if string(base[at+len(mark):]) == names[c] {
			return base[:at], c
		}
	}
	return base, Identity
}

// IsTag reports whether a tag looks like one that Tag made.
func IsTag(tag string) bool {
	_, c := CutTag([]byte(tag))
	return c != Identity
}

// PlainTags takes the codings off the tags in a field, so that an origin knows its
// own again. It returns the field itself if there are none.
func PlainTags(field []byte) []byte {
	if !bytes.Contains(field, []byte(mark)) {
		return field
	}
	plain := bytes.Clone(field)
	for c := Gzip; int(c) < Codings; c++ {
		plain = bytes.ReplaceAll(plain, []byte(mark+names[c]+`"`), []byte{'"'})
	}
	return plain
}
