package upgrade

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/fasthttp/websocket"
)

// Close codes (RFC 6455 section 7.4.1 and the IANA registry).
const (
	CloseGoingAway   = websocket.CloseGoingAway               // 1001
	CloseUnsupported = websocket.CloseUnsupportedData         // 1003
	CloseInvalid     = websocket.CloseInvalidFramePayloadData // 1007
	ClosePolicy      = websocket.ClosePolicyViolation         // 1008
	CloseTooBig      = websocket.CloseMessageTooBig           // 1009
	CloseBroken      = websocket.CloseInternalServerErr       // 1011
	CloseRestart     = websocket.CloseServiceRestart          // 1012
	CloseFull        = websocket.CloseTryAgainLater           // 1013
)

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
	case errors.Is(err, ErrMoved):
		return CloseRestart, err.Error()
	}
	return CloseGoingAway, err.Error()
}

// closeFrame is a Close frame (RFC 6455 section 5.5.1).
func closeFrame(code int, reason string) []byte {
	payload := websocket.FormatCloseMessage(code, cutReason(reason))
	return append(appendFrameHead(nil, final|websocket.CloseMessage, len(payload)), payload...)
}

// cutReason cuts to what fits beside the code, at a character.
func cutReason(reason string) string {
	const most = 123
	for len(reason) > most || !utf8.ValidString(reason) {
		reason = reason[:min(len(reason)-1, most)]
	}
	return reason
}
