package upgrade

import "strconv"

// boundary separates the parts of a multipart stream. A reader that goes by
// Content-Length never looks for it in a body, and no body is likely to hold
// it.
const boundary = "pollmux-8f3d1c5a97e24b60"

// appendPart writes a snapshot as one part (RFC 2046 section 5.1), followed by
// the delimiter of the next: a browser shows an image only when it sees that it
// has ended.
func (u *Update) appendPart(b []byte) []byte {
	if u.Type != "" {
		b = appendField(b, "Content-Type", u.Type)
	}
	b = appendField(b, "Content-Length", strconv.Itoa(len(u.Body)))
	b = appendField(b, "ETag", u.ETag)
	if u.LastModified != "" {
		b = appendField(b, "Last-Modified", u.LastModified)
	}
	b = append(append(append(b, "\r\n"...), u.Body...), "\r\n"...)
	return append(b, delimiter...)
}

const delimiter = "--" + boundary + "\r\n"
