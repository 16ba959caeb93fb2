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
)

// Coalescable says why a request cannot be answered from a poll, or "" if it
// can. A request whose method a header overrides would make every poll a
// write.
func Coalescable(h *head.Head) Reason {
	switch {
	case !h.IsGet() && !h.IsHead():
		return ReasonMethod
	case h.Length != 0:
		return ReasonBody
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
