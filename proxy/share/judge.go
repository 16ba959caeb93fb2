package share

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// Verdict is what becomes of an answer.
type Verdict struct {
	// Reason the answer may not be shared with anybody; "" if it may be given
	// to everybody whose key is the feed's.
	Reason Reason

	// Vary names, in lower case, the fields that the answer depends on and
	// that its key does not have yet.
	Vary []string
}

// streams are content types of answers that do not end.
var streams = []string{"text/event-stream", "multipart/x-mixed-replace"}

// JudgePoll is Judge, and JudgeRenewal for a 304.
func (p *Policy) JudgePoll(resp *origin.Response, to Audience, known *Vary) Verdict {
	if resp.Status == http.StatusNotModified {
		return p.JudgeRenewal(resp, to, known)
	}
	return p.Judge(resp, to, known)
}

// Judge decides whether the answer to a poll may be shared, from its head. It
// errs on the side of no. An identity's own private answers may be shared among
// those who have it, and what no cache may store among the connections of one
// user. known are the learned fields that the key was made with.
func (p *Policy) Judge(resp *origin.Response, to Audience, known *Vary) Verdict {
	if reason := p.refuse(resp, to); reason != "" {
		return Verdict{Reason: reason}
	}
	return judgeVary(resp, known)
}

func judgeVary(resp *origin.Response, known *Vary) Verdict {
	names, ok := varyNames(resp.Header, known)
	if !ok || len(names) > 0 && len(names)+len(known.names) > maxVary {
		return Verdict{Reason: reasonVary}
	}
	return Verdict{Vary: names}
}

// reasonVary is an answer of which nobody can say who it is for.
const reasonVary Reason = "vary"

// IsOwn reports whether the answer to a poll is what the request that caused it
// would have got itself, as far as it says: it names no field that the key leaves
// out. A "*" names none, and says no more than that nobody else may have it.
func IsOwn(resp *origin.Response, known *Vary) bool {
	for member := range resp.Header.Tokens("Vary") {
		name := string(appendFolded(nil, []byte(member)))
		if head.IsToken(name) && name != "*" && !alwaysDecided(name) && !slices.Contains(known.names, name) {
			return false
		}
	}
	return true
}

// JudgeRenewal is Judge for the 304 that says that an answer which could be
// shared is still true. A cookie comes with those as well.
func (p *Policy) JudgeRenewal(resp *origin.Response, to Audience, known *Vary) Verdict {
	if reason := p.refuseHead(resp, to); reason != "" {
		return Verdict{Reason: reason}
	}
	return judgeVary(resp, known)
}

func (p *Policy) refuse(resp *origin.Response, to Audience) Reason {
	if !IsAnswer(resp.Status) {
		return statusReason(resp.Status)
	}
	if reason := p.refuseHead(resp, to); reason != "" {
		return reason
	}
	for coding := range resp.Header.Tokens("Content-Encoding") {
		if !strings.EqualFold(coding, "identity") {
			return "content-encoding"
		}
	}
	if isRepeated(resp.Header, "Content-Type") {
		return "content-type" // one reader takes the first, another the last
	}
	if slices.Contains(streams, mediaType(resp)) {
		return "stream"
	}
	return ""
}

func statusReason(status int) Reason { return Reason("status-" + strconv.Itoa(status)) }

func isRepeated(h origin.Header, name string) bool {
	n := 0
	for range h.Values(name) {
		n++
	}
	return n > 1
}

// IsEvents reports whether a response is a stream of server-sent events.
func IsEvents(resp *origin.Response) bool { return mediaType(resp) == streams[0] }

func mediaType(resp *origin.Response) string {
	t, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// refuseHead looks at what any answer can say of itself.
func (p *Policy) refuseHead(resp *origin.Response, to Audience) Reason {
	if resp.Sloppy != "" {
		return "malformed-head"
	}
	for _, f := range resp.Header {
		if reason := p.refuseField([]byte(f.Name), to); reason != "" {
			return reason
		}
	}
	return p.refuseDirectives(resp.Header, to)
}

// refuseDirectives applies Cache-Control, and its cousins for shared caches
// where they are stricter (RFC 9111 section 5.2.2, RFC 9213).
func (p *Policy) refuseDirectives(h origin.Header, to Audience) Reason {
	if to == OneUser {
		return ""
	}
	for _, field := range []string{"Cache-Control", "CDN-Cache-Control", "Surrogate-Control"} {
		directives, err := origin.ParseDirectives(h, field)
		switch {
		case err != nil:
			return "cache-control"
		case directives.Has("no-store") && !(p.stores && to == Everybody && field == "Cache-Control"):
			return ReasonNoStore
		case directives.Has("private") && to == Everybody:
			return "private"
		}
	}
	return ""
}

// IsAnswer reports whether a status tells what the resource is, for everybody
// with the same key: there it is (2xx but the partial ones), or it is not
// there. Redirects, refusals and failures are for whoever asked.
func IsAnswer(status int) bool {
	switch status {
	case 200, 202, 203, 204, 404, 410:
		return true
	}
	return false
}

// varyNames returns the fields in Vary, by folded name, that are not part of the
// key for lack of knowing. ok is false if there is a "*" anywhere, or what is no
// name: nobody knows what the answer depends on.
func varyNames(h origin.Header, known *Vary) (names []string, ok bool) {
	for member := range h.Tokens("Vary") {
		if member == "*" || !head.IsToken(member) {
			return nil, false
		}
		name := string(appendFolded(nil, []byte(member)))
		if !alwaysDecided(name) && !slices.Contains(known.names, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, true
}

// alwaysDecided reports whether a field's place in the key does not depend on
// Vary: it is in the key already, or it is the same on every poll.
func alwaysDecided(name string) bool {
	switch is := head.Lookup([]byte(name)); is {
	case head.Other, head.Origin, head.Accept, head.Prefer, head.Credential, head.Cookie:
		return true
	default:
		return isManaged(is)
	}
}
