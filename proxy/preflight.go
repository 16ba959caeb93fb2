package proxy

import (
	"net/http"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// isPreflight reports whether a request is what a browser asks before it sends
// one to another site, and without credentials, so that it is for nobody.
func isPreflight(h *head.Head) bool {
	return string(h.Method) == http.MethodOptions && h.Length == 0 && !h.Upgrade && !h.Has(head.MethodOverride) &&
		h.Has(head.Origin) && first(h.Lookup("access-control-request-method")) != ""
}

// isPreflight reports whether a request is one on a route where each client has to be
// let in.
func (r *route) isPreflight(h *head.Head) bool { return r.guards() && isPreflight(h) }

// preflightFields are the fields of an answer to it that a browser looks at. An
// origin that does not look at the method answers with the resource: who was not
// let in sees nothing of that, not even whether it changed.
func preflightFields(h origin.Header) origin.Header {
	var kept origin.Header
	for _, f := range h {
		switch name := http.CanonicalHeaderKey(f.Name); {
		case name == "Allow", name == "Vary", name == "Date", strings.HasPrefix(name, "Access-Control-"):
			kept = append(kept, f)
		}
	}
	return kept
}
