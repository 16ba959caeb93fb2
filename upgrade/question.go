package upgrade

import "bytes"

// Question is a request that a long poll's client may send again, byte for byte
// but for the version that it has. What was decided about it holds for the next
// one, as far as it was decided by its bytes.
type Question struct {
	head    []byte
	at, end int32 // of the entity tag of If-None-Match in it
}

// NewQuestion takes a request's head apart. It returns nil if the tag is not
// there exactly once. The head is kept.
func NewQuestion(head []byte, tag string) *Question {
	at := bytes.Index(head, []byte(tag))
	if tag == "" || at < 0 || bytes.Count(head, []byte(tag)) != 1 {
		return nil
	}
	return &Question{head: head, at: int32(at), end: int32(at + len(tag))}
}

// IsAsked reports whether a client asks just this, and nothing behind it, with
// another tag.
func (q *Question) IsAsked(said []byte, tag string) bool {
	if q == nil {
		return false
	}
	before, after := q.head[:q.at], q.head[q.end:]
	return len(said) == len(before)+len(tag)+len(after) &&
		bytes.HasPrefix(said, before) && bytes.HasSuffix(said, after) &&
		string(said[len(before):len(before)+len(tag)]) == tag
}
