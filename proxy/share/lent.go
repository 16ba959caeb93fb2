package share

import (
	"net/http"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// JudgeLent is JudgePoll where each client is let in first and polls may have the
// credentials of one: lent says that this one had. What is no success may be about
// these, and so is what says that it depends on them.
func (p *Policy) JudgeLent(resp *origin.Response, to Audience, known *Vary, lent bool) Verdict {
	switch verdict := p.JudgePoll(resp, to, known); {
	case verdict.Reason != "":
		return verdict
	case MayRefuse(resp):
		return Verdict{Reason: statusReason(resp.Status)}
	case lent && p.variesByWho(resp):
		return Verdict{Reason: reasonVary}
	default:
		return verdict
	}
}

// MayRefuse reports whether an answer may be about the credentials of a poll, or
// about its having none: anything but the resource. Many an origin hides what one
// may not see behind a redirect, or a 404.
func MayRefuse(resp *origin.Response) bool {
	return resp.Status != http.StatusNotModified && (resp.Status < 200 || resp.Status >= 300)
}

// variesByWho reports whether a response says that it depends on who asked: to a
// poll with the credentials of one client, it is for that client.
func (p *Policy) variesByWho(resp *origin.Response) bool {
	for name := range resp.Header.Tokens("Vary") {
		switch head.Lookup([]byte(name)) {
		case head.Credential, head.Cookie:
			return true
		}
		if p.isOwnCredential([]byte(name)) {
			return true
		}
	}
	return false
}
