package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/pollmux/pollmux/proxy/authorize"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

// inquiry is how the origin is asked whether it lets a client in. It is asked
// with a GET, not a HEAD, although nobody wants the body: it is what the client
// itself would send, and many an origin checks nothing for a HEAD. keep, if there
// is one, may take the response, by saying so.
//
// Who is held is asked about again and again: by then, of the servers of then.
func (p *Proxy) inquiry(by *route, method string, head, body []byte, keep func(*origin.Response) bool) func(context.Context) authorize.Answer {
	whole := strings.Join([]string{string(head), "\r\n", string(body)}, "")
	return func(ctx context.Context) authorize.Answer {
		rt := p.current(by)
		ctx, cancel := context.WithTimeout(ctx, 2*rt.upstream.Timeout)
		defer cancel()
		over, err := rt.upstream.turn(ctx)
		if err != nil {
			return authorize.Answer{Err: err}
		}
		rt.account.Inquired()
		resp, err := rt.upstream.polls.Do(ctx, &origin.Request{
			Method: method, Head: []byte(whole), Timeout: rt.upstream.Timeout, Safe: true, Payer: inquirer{rt},
		})
		over(resp)
		if err != nil {
			rt.account.PassFailed()
			return authorize.Answer{Err: err}
		}
		if keep == nil || !keep(resp) {
			_, _ = io.CopyN(io.Discard, resp.Body, prefetched) // read, it leaves the connection usable
			_ = resp.Body.Close()
		}
		return authorize.Answer{Status: resp.Status, Header: resp.Header}
	}
}

// inquirer pays for inquiries.
type inquirer struct{ *route }

// AskAgain implements origin.Payer.
func (i inquirer) AskAgain() bool {
	if d := i.upstream.dispatcher; d != nil && !d.Again() {
		return false
	}
	i.account.Inquired()
	return true
}

// askWho is what a key is made with that says who the client is.
func (p *Proxy) askWho(r *request) share.Ask {
	return share.Ask{Accept: true, Trusted: r.trustsPeer(), Secure: r.isSecure()}
}

// notLetIn is what the origin said to a client, as far as it says where to go
// from here. Others with the same credentials may get the same, so nothing is
// set for one of them.
func notLetIn(answer *authorize.Answer) *problem {
	text := "the origin does not let this client in"
	if answer.Unknown() {
		text = "the origin does not say whether it lets this client in"
	}
	refused := newProblem(answer.Status, text)
	for _, f := range answer.Header {
		switch name := http.CanonicalHeaderKey(f.Name); {
		case name == "Www-Authenticate", name == "Location", name == "Retry-After", name == "Vary",
			strings.HasPrefix(name, "Access-Control-"):
			refused.with(f.Name, f.Value)
		}
	}
	return refused
}

// askAgain is the inquiry about a claim that held without one. By now the key says
// what the client wants as well, which is no question.
func (p *Proxy) askAgain(r *request) func(context.Context) authorize.Answer {
	if path := r.route.Authorize.Path; path != "" {
		var key share.Key
		r.route.share.Make(&key, &r.head, p.askWho(r))
		return p.inquiry(r.route, "GET", key.Inquiry(nil, path, p.agent, p.trail), nil, nil)
	}
	return p.inquiry(r.route, r.key.Method(), r.key.Lent(nil, p.agent, p.trail), r.key.Body(), nil)
}
