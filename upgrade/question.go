package upgrade

import "bytes"

// Question is a request that a long poll's client may send again, byte for byte
// but for the version that it has. What was decided about it holds for the next
// one, as far as it was decided by its bytes.
type Question struct {
	before, after []byte // the entity tag of If-None-Match
}

// NewQuestion takes a request's head apart. It returns nil if the tag is not
// there exactly once. The head is kept.
func NewQuestion(head []byte, tag string) *Question {
	at := bytes.Index(head, []byte(tag))
	if tag == "" || at < 0 || bytes.Count(head, []byte(tag)) != 1 {
		return nil
	}
	return &Question{before: head[:at:at], after: head[at+len(tag):]}
}

// IsAsked reports whether a client asks just this, and nothing behind it, with
// another tag.
func (q *Question) IsAsked(said []byte, tag string) bool {
	return q != nil && len(said) == len(q.before)+len(tag)+len(q.after) &&
		bytes.HasPrefix(said, q.before) && bytes.HasSuffix(said, q.after) &&
		string(said[len(q.before):len(q.before)+len(tag)]) == tag
}
