package share

import "github.com/pollmux/pollmux/proxy/head"

// Reason is why a request or an answer is not shared: a token for
// Cache-Status, statistics and logs. The empty one means that it is.
type Reason string

// Why a request passes through.
const (
	ReasonMethod     Reason = "method"
	ReasonBody       Reason = "request-body"
	ReasonRange      Reason = "range"
	ReasonExpect     Reason = "expect"
	ReasonOverride   Reason = "method-override"
	ReasonTarget     Reason = "unusual-target"
	ReasonConnection Reason = "connection-nominates"
	ReasonUpgrade    Reason = "upgrade"
	ReasonLearning   Reason = "vary-unsettled"
	ReasonLimit      Reason = "feed-limit"
	ReasonTooLarge   Reason = "too-large"
	ReasonBodySize   Reason = "request-body-too-large"
	ReasonTrailer    Reason = "trailer"
)

// ReasonNoStore is an answer that says that nobody may keep it.
const ReasonNoStore Reason = "no-store"

// Coalescable says why a request cannot be answered from a poll, or "" if it
// can, as far as its head tells. A request whose method a header overrides would
// make every poll a write.
func (p *Policy) Coalescable(h *head.Head) Reason {
	switch {
	case !p.reads(h):
		return ReasonMethod
	case h.Length != 0 && !h.IsPost():
		return ReasonBody
	case h.Length > MaxBody:
		return ReasonBodySize
	case h.Length < 0 && hasAny(h, "trailer"): // what follows the body is not in the key
		return ReasonTrailer
	case h.Has(head.Range) || h.Has(head.IfRange):
		return ReasonRange
	case h.Has(head.Expect):
		return ReasonExpect
	case h.Has(head.MethodOverride):
		return ReasonOverride
	case h.Nominates():
		return ReasonConnection
	case h.Upgrade && !h.IsWebSocket():
		return ReasonUpgrade
	case len(h.Host) == 0 || !h.IsPlain():
		return ReasonTarget
	}
	return ""
}

// reads reports whether a request's method only reads: GET and HEAD by nature,
// POST if the operator says so of this route.
func (p *Policy) reads(h *head.Head) bool {
	switch {
	case h.IsGet(), h.IsHead():
		return p.get
	case h.IsPost():
		return p.post
	}
	return false
}

// Writes reports whether a request may change something on this route.
func (p *Policy) Writes(h *head.Head) bool { return !h.IsSafe() && !(h.IsPost() && p.post) }

func hasAny(h *head.Head, name string) bool {
	for range h.Lookup(name) {
		return true
	}
	return false
}
