package upgrade

import (
	"bytes"
	"net/http"
	"time"
)

// NotModified reports whether a client that sent these conditions has the
// update already (RFC 9110 section 13.2.2): If-None-Match, compared weakly, or
// without it If-Modified-Since. Conditions that cannot be read are not met.
func (u *Update) NotModified(ifNoneMatch, ifModifiedSince []byte) bool {
	if u.Status != http.StatusOK {
		return false
	}
	if ifNoneMatch != nil {
		return MatchTag(ifNoneMatch, u.ETag)
	}
	if len(ifModifiedSince) == 0 || u.LastModified == "" {
		return false
	}
	since, err1 := http.ParseTime(string(ifModifiedSince))
	modified, err2 := http.ParseTime(u.LastModified)
	return err1 == nil && err2 == nil && !modified.Truncate(time.Second).After(since)
}

// MatchTag reports whether a list of entity tags, or "*", names tag. The
// comparison is weak (RFC 9110 section 8.8.3.2).
func MatchTag(list []byte, tag string) bool {
	if trimmed := bytes.TrimSpace(list); string(trimmed) == tag && tag != "" || string(trimmed) == "*" {
		return true
	}
	for len(list) > 0 {
		var member []byte
		if member, list = cutTag(list); member == nil {
			return false
		}
		if string(member) == tag {
			return true
		}
	}
	return false
}

// cutTag takes the first entity tag, without its weakness mark, off a list. A
// nil tag means that there is none.
func cutTag(list []byte) (tag, rest []byte) {
	list = bytes.TrimLeft(list, " \t,")
	list = bytes.TrimPrefix(list, []byte("W/"))
	if len(list) < 2 || list[0] != '"' {
		return nil, nil
	}
	end := bytes.IndexByte(list[1:], '"')
	if end < 0 {
		return nil, nil
	}
	tag, rest = list[:end+2], bytes.TrimLeft(list[end+2:], " \t")
	if len(rest) > 0 && rest[0] != ',' {
		return nil, nil
	}
	return tag, rest
}
