package feed

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/proxy/share"
)

// floor is how long the origin does not want to be asked by this audience, after
// this answer; nil says nothing, and neither does one of several servers that is left
// alone: there are others to ask.
func floor(resp *origin.Response, to share.Audience, now time.Time) time.Duration {
	if resp == nil || resp.Spared {
		return 0
	}
	return schedule.Floor(hints(resp.Status, resp.Header, to), now)
}

// hostFloor is how long all of the origin's host wants to be left alone, after this
// answer; nil says nothing.
func hostFloor(resp *origin.Response, now time.Time) time.Duration {
	if resp == nil {
		return 0
	}
	return schedule.HostFloor(resp.Status, hints(resp.Status, resp.Header, share.Everybody), now)
}

// hints is what an answer says about when to ask again. How long the account of a
// failure stays fresh says nothing about that.
func hints(status int, h origin.Header, to share.Audience) schedule.Fields {
	fields := schedule.Fields{
		RetryAfter: slices.Collect(h.Values("Retry-After")), PollInterval: slices.Collect(h.Values("X-Poll-Interval")),
		Age: ageField(h), Date: h.Get("Date"),
	}
	if failing(status) == nil {
		fields.MaxAge, fields.Expires = freshness(h, to)
	}
	return fields
}

// freshness is what says how long an answer is fresh, as [schedule.Fields] wants
// it. Where directives contradict each other the strictest counts (RFC 9111 section
// 4.2.1): an answer that is not to be used without asking, or not to be kept, is
// never fresh, and neither is one of which nobody knows. An answer that is one
// user's is in no shared cache, which s-maxage is for. Expires counts only where no
// directive says it better (section 5.3); two of them are none.
func freshness(h origin.Header, to share.Audience) (maxAge, expires string) {
	d, err := origin.ParseDirectives(h, "Cache-Control")
	if err != nil || d.Has("no-store") || isBare(d, "no-cache") {
		return "", ""
	}
	if argument, ok := d["s-maxage"]; ok && to != share.OneUser && !isBare(d, "private") {
		return cmp.Or(argument, "0"), ""
	}
	if argument, ok := d["max-age"]; ok {
		return cmp.Or(argument, "0"), ""
	}
	return "", joined(h, "Expires")
}

// isBare reports whether a directive is about the whole answer, rather than the
// fields that it names.
func isBare(d origin.Directives, name string) bool {
	argument, ok := d[name]
	return ok && argument == ""
}

// floorOfVersion is floor after an answer that is a version, or a 304, which says
// no more than what is different from now on (RFC 9111 section 3.2).
func (f *Feed) floorOfVersion(l landing) time.Duration {
	r, status, h := &f.runs, l.response.Status, slices.Clip(l.response.Header)
	if status == 304 {
		for _, line := range r.hints {
			if !l.response.Header.Has(line.Name) {
				h = append(h, line)
			}
		}
	}
	r.hints = nil
	for _, line := range h {
		if isLasting(line.Name) {
			r.hints = append(r.hints, line)
		}
	}
	return schedule.Floor(hints(status, h, f.spec.Audience), l.received)
}

// isLasting reports whether a field is a hint that goes with the version, not with
// the answer.
func isLasting(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Cache-Control", "Expires", "X-Poll-Interval":
		return true
	}
	return false
}
