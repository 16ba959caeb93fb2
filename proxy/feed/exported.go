package feed

import (
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// What an observer has to know, who says what feeds would do without there being
// any.

// Essence is what of a body counts when two are compared: all of it, or of a JSON
// document what the pointers leave, in a form of its own. It may be body itself.
func Essence(body []byte, ignore []Pointer) []byte { return essence(body, ignore) }

// Floor is how long an origin that sent this answer does not want to be asked by
// this audience.
func Floor(resp *origin.Response, to share.Audience, now time.Time) time.Duration {
	return floor(resp, to, now)
}

// IsFailing reports whether a status says nothing about the resource: the origin
// fails.
func IsFailing(status int) bool { return failing(status) != nil }

// AloneTime is how long requests pass through after an answer that may not be
// shared.
const AloneTime = aloneTime
