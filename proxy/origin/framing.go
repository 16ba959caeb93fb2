package origin

import (
	"fmt"
	"strconv"
	"strings"
)

// A response's body is framed in one of these ways (RFC 9112 section 6.3). A
// length that is not negative is a Content-Length.
const (
	lengthChunked = -1
	lengthToClose = -2
)

// framing decides how long the body is, and whether the connection can carry
// another request behind it.
func (h *head) framing(method string) (length int64, keep bool, err error) {
	coded := h.header.Has("Transfer-Encoding")
	length, err = h.contentLength()
	if err == nil && coded {
		length, err = h.transferCoding(length)
	}
	if err != nil {
		return 0, false, err
	}
	reusable := !h.http10 && h.sloppy == "" && !h.header.HasToken("Connection", "close")
	if h.hasNoBody(method) {
		// Such an answer may name the length of the body that it does not
		// have (RFC 9110 section 8.6), and some servers send that body all the
		// same, a moment later: it would be taken for the next answer on this
		// connection. A new one costs less.
		return 0, reusable && !coded && length <= 0, nil
	}
	return length, reusable && length != lengthToClose, nil
}

// hasNoBody reports whether the answer to method ends with its head.
func (h *head) hasNoBody(method string) bool {
	return method == "HEAD" || h.status < 200 || h.status == 204 || h.status == 304
}

// contentLength returns lengthToClose if there is none.
func (h *head) contentLength() (int64, error) {
	length, seen := int64(lengthToClose), false
	for value := range h.header.Values("Content-Length") {
		n, err := strconv.ParseInt(value, 10, 64)
		if seen || err != nil || !isDigits(value) {
			return 0, fmt.Errorf("%w: Content-Length", ErrMalformed)
		}
		length, seen = n, true
	}
	return length, nil
}

// transferCoding accepts a single "chunked" and nothing else. A Content-Length
// beside it is overridden (RFC 9112 section 6.3, rule 3), but such an answer may
// have been read otherwise elsewhere and is not to be trusted further.
func (h *head) transferCoding(length int64) (int64, error) {
	seen := false
	for value := range h.header.Values("Transfer-Encoding") {
		if seen || h.http10 || !strings.EqualFold(value, "chunked") {
			return 0, fmt.Errorf("%w: Transfer-Encoding", ErrMalformed)
		}
		seen = true
	}
	if length != lengthToClose {
		h.sloppy = "both Transfer-Encoding and Content-Length"
	}
	return lengthChunked, nil
}
