package upgrade

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Close codes (RFC 6455 section 7.4.1 and the IANA registry).
const (
	CloseGoingAway   = 1001
	CloseProtocol    = 1002
	CloseUnsupported = 1003
	CloseInvalid     = 1007
	ClosePolicy      = 1008
	CloseTooBig      = 1009
	CloseBroken      = 1011
	CloseRestart     = 1012
	CloseFull        = 1013
)

// isSaidCode reports whether a peer may say a code in a Close: 1004 means
// nothing, 1005, 1006 and 1015 are never sent, and nobody has registered the
// others.
func isSaidCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// CloseLinger is how long a peer that was sent a Close may take to send its
// own.
const CloseLinger = 5 * time.Second

// CloseError ends a WebSocket with a code and a reason, which is cut to what a
// Close frame can hold.
type CloseError struct {
	Code   int
	Reason string
}

// Error returns the reason.
func (e *CloseError) Error() string { return e.Reason }

func endCode(err error) (code int, reason string) {
	switch {
	case errors.Is(err, ErrRevoked):
		return ClosePolicy, err.Error()
	case errors.Is(err, ErrMoved), errors.Is(err, ErrReloaded):
		return CloseRestart, err.Error()
	}
	return CloseGoingAway, err.Error()
}

// closeFrame is a Close frame (RFC 6455 section 5.5.1). A code that may not be
// said is our mistake, and said to be one.
func closeFrame(code int, reason string) []byte {
	if !isSaidCode(code) {
		code = CloseBroken
	}
	reason = cutReason(reason)
	b := appendFrameHead(nil, final|opClose, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(b, uint16(code)), reason...)
}

// echoFrame answers a client's Close with its code, if it said one.
func echoFrame(code []byte) []byte {
	return append(appendFrameHead(nil, final|opClose, len(code)), code...)
}

// cutReason cuts to what fits beside the code, at a character.
func cutReason(reason string) string {
	const most = 123
	for len(reason) > most || !utf8.ValidString(reason) {
		reason = reason[:min(len(reason)-1, most)]
	}
	return reason
}

// clientClose is the client's Close, with what is to be said back.
type clientClose struct{ echo []byte }

func (c *clientClose) Error() string { return "the client closes" }

// closedBy reads the payload of a Close (RFC 6455 section 5.5.1).
func closedBy(payload []byte) error {
	if len(payload) == 0 {
		return &clientClose{}
	}
	if len(payload) == 1 || !isSaidCode(int(binary.BigEndian.Uint16(payload))) {
		return violation("a Close with no valid code")
	}
	if !utf8.Valid(payload[2:]) {
		return &CloseError{Code: CloseInvalid, Reason: "a Close whose reason is not UTF-8"}
	}
	return &clientClose{echo: slices.Clone(payload[:2])}
}
