package proxy

import (
	"bytes"
	"strconv"

	"github.com/pollmux/pollmux/proxy/head"
)

// isLastHop reports whether an OPTIONS is to be answered by the first who gets
// it, or by us, after so many others (RFC 9110 section 7.6.2).
func isLastHop(h *head.Head) bool {
	n, ok := maxForwards(h)
	return ok && n == 0
}

// maxForwards returns how often a request may still be forwarded, if it says so
// and it matters: to TRACE, which is not served, and to OPTIONS.
func maxForwards(h *head.Head) (n uint64, ok bool) {
	if string(h.Method) != "OPTIONS" {
		return 0, false
	}
	for value := range h.Lookup("max-forwards") {
		n, err := strconv.ParseUint(string(value), 10, 32)
		return n, err == nil
	}
	return 0, false
}

// isMaxForwards reports whether appendMaxForwards writes the field.
func isMaxForwards(h *head.Head, f *head.Field) bool {
	_, ok := maxForwards(h)
	return ok && bytes.EqualFold(f.Name, []byte("max-forwards"))
}

// appendMaxForwards counts this hop.
func appendMaxForwards(b []byte, h *head.Head) []byte {
	if n, ok := maxForwards(h); ok && n > 0 {
		b = appendLine(b, "Max-Forwards", strconv.FormatUint(n-1, 10))
	}
	return b
}
