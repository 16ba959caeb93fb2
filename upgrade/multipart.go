package upgrade

import (
	"bytes"
	"strconv"
	"strings"
)

// boundary separates the parts of a multipart stream. Everybody can learn it, so
// a body that holds it is not told at all: whoever wrote it would write parts of
// his own, with types of his choice, for readers that go by delimiters.
const boundary = "pollmux-8f3d1c5a97e24b60"

// Each part is followed by the delimiter of the next at once, or a reader that
// goes by delimiters (mime/multipart) would get it one part late. What may stand
// behind that was tried out with an <img> in Chromium 156:
//
//   - It shows a part when it has read the whole head of the next, with the
//     empty line. A delimiter is not enough, whether a line end follows or only
//     transport padding (RFC 2046 section 5.1.1): each picture is shown when the
//     next one comes, the last never. So a picture's stream sends the next head
//     ahead, as far as it is known.
//   - It takes thousands of header lines in the next head, or spaces behind the
//     delimiter, for a keep-alive. Other parsers have limits, and so has
//     maxPartBeats. Once a head is complete nothing can be said any more but a
//     body: the last picture again.
//   - An empty part is a broken image, and crashes the tab if its head had been
//     read. So the stream ends without a close-delimiter, which would make one:
//     Chromium keeps the last picture, and mime/multipart reports io.EOF.
const delimiter = "--" + boundary + "\r\n"

// maxPartBeats is how many keep-alives are added to the head of one part. After
// them, the last part is repeated.
const maxPartBeats = 64

const partBeat = "X-Keepalive: 1\r\n"

// appendPart writes a snapshot as one part (RFC 2046 section 5.1), followed by
// the delimiter of the next.
func (u *Update) appendPart(b []byte) ([]byte, error) {
	if u.Type != "" {
		b = appendField(b, "Content-Type", u.Type)
	}
	b = appendField(b, "Content-Length", strconv.Itoa(len(u.Body)))
	if u.ETag != "" {
		b = appendField(b, "ETag", u.ETag)
	}
	if u.LastModified != "" {
		b = appendField(b, "Last-Modified", u.LastModified)
	}
	return u.appendContent(append(b, "\r\n"...))
}

// appendContent writes the rest of a part whose head was sent.
func (u *Update) appendContent(b []byte) ([]byte, error) {
	if bytes.Contains(u.Body, []byte("--"+boundary)) {
		return nil, errFormat
	}
	return append(append(append(b, u.Body...), "\r\n"...), delimiter...), nil
}

// appendPicture writes a part whose head was sent, and the head of the next.
func (u *Update) appendPicture(b []byte) ([]byte, error) {
	b, err := u.appendContent(b)
	return u.appendAhead(b), err
}

// appendAhead writes the head of a part that is not there yet, and will be of
// the same type.
func (u *Update) appendAhead(b []byte) []byte {
	return append(appendField(b, "Content-Type", u.Type), "\r\n"...)
}

func (u *Update) isPicture() bool { return strings.HasPrefix(u.mediaType(), "image/") }

// part is an update's part.
func (s *Stream) part(u *Update) []byte {
	if s.ahead && s.last.Type != u.Type {
		// The head that was sent is not this one's, and its part must not be
		// empty. Next is asked again.
		s.ahead = false
		again, _ := s.last.appendContent(nil) // it was told before
		return s.append(nil, again)
	}
	frame := u.frame(s.encoding(u)).bytes(s.chunked)
	if !s.ahead && s.picture && u.isPicture() {
		s.ahead = true
		s.pending = s.append(nil, u.appendAhead(nil))
	}
	s.have, s.sending, s.last, s.beats = u.Version, u, u, 0
	return frame
}

// encoding is how an update is written to the client.
func (s *Stream) encoding(u *Update) Transport {
	if s.ahead && s.last.Type == u.Type {
		return picture
	}
	return s.kind
}

// partBeat is what can be said between two parts.
func (s *Stream) partBeat() []byte {
	switch {
	case s.ahead:
		return s.last.frame(picture).bytes(s.chunked)
	case s.beats < maxPartBeats:
		s.beats++
		return s.append(nil, []byte(partBeat))
	case s.last != nil:
		s.beats = 0
		return s.last.frame(Multipart).bytes(s.chunked)
	}
	return nil
}
