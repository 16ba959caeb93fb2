package proxy

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
)

// problem is an error that a client is told about (RFC 9457). Its texts are
// constant, or name rules: what a request or an origin said is never repeated to
// somebody.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	fields     []headerField
	retryAfter time.Duration
	closing    bool   // the connection cannot go on
	limit      string // that was reached; "" if none
}

type headerField struct{ name, value string }

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// with adds a field to the answer.
func (p *problem) with(name, value string) *problem {
	p.fields = append(p.fields, headerField{name, value})
	return p
}

// after says when to come back.
func (p *problem) after(d time.Duration) *problem {
	p.retryAfter = d
	return p
}

// over says which limit the request is beyond.
func (p *problem) over(limit string) *problem {
	p.limit = limit
	return p
}

// hangUp ends the connection with the answer.
func (p *problem) hangUp() *problem {
	p.closing = true
	return p
}

// write makes it ctx's response. No cache keeps it. A connection that was to be
// closed stays so.
func (p *problem) write(ctx *fasthttp.RequestCtx) {
	closing := p.closing || ctx.Response.ConnectionClose()
	ctx.Response.Reset()
	ctx.SetStatusCode(p.Status)
	h := &ctx.Response.Header
	h.SetContentType("application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	for _, f := range p.fields {
		h.Add(f.name, f.value)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(wholeSeconds(p.retryAfter)))
	}
	if closing {
		ctx.SetConnectionClose()
	}
	body, _ := json.Marshal(p) // strings and numbers always marshal
	ctx.SetBody(append(body, '\n'))
}

// problemOf says what an error means to a client.
func problemOf(err error) *problem {
	var refused *head.Error
	switch {
	case errors.As(err, &refused):
		return newProblem(refused.Status, refused.Text).over(limitOf(refused.Status)).hangUp()
	case errors.Is(err, origin.ErrTimeout):
		return newProblem(http.StatusGatewayTimeout, origin.ErrTimeout.Error())
	case errors.Is(err, origin.ErrRequestBody):
		return newProblem(http.StatusBadRequest, origin.ErrRequestBody.Error()).hangUp()
	}
	for _, known := range []error{feed.ErrBudget, feed.ErrResting} {
		if errors.Is(err, known) {
			return newProblem(http.StatusServiceUnavailable, known.Error())
		}
	}
	for _, known := range []error{origin.ErrUnreachable, origin.ErrMalformed, origin.ErrTooLarge, origin.ErrTruncated} {
		if errors.Is(err, known) {
			return newProblem(http.StatusBadGateway, known.Error())
		}
	}
	return newProblem(http.StatusBadGateway, "the origin failed")
}

// parseProblem is for what fasthttp cannot parse.
func parseProblem(err error) *problem {
	var small *fasthttp.ErrSmallBuffer
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &small):
		return newProblem(http.StatusRequestHeaderFieldsTooLarge, "the request's head is larger than limits.request_header").over(limitRequestHeader).hangUp()
	case errors.As(err, &timeout) && timeout.Timeout():
		return tooSlow()
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return tooLarge()
	}
	return newProblem(http.StatusBadRequest, "the request is not valid HTTP/1.1").hangUp()
}

// lacksCredentials refuses a request without any, where each needs some. Which
// would do is for the origin to say: the challenge names no scheme that a
// browser would ask its user for.
func lacksCredentials() *problem {
	return newProblem(http.StatusUnauthorized, "this route needs credentials").with("WWW-Authenticate", `Credentials realm="pollmux"`)
}

func tooLarge() *problem {
	return newProblem(http.StatusRequestEntityTooLarge, "the request's body is larger than limits.request_body").over(limitRequestBody).hangUp()
}

func tooSlow() *problem {
	return newProblem(http.StatusRequestTimeout, "the request did not come in time: its head within timeouts.header, its body within timeouts.idle or at 1 KiB a second").over(limitRequestTime).hangUp()
}

// The limits on one request, as they are counted.
const (
	limitRequestHeader = "request_header"
	limitRequestBody   = "request_body"
	limitRequestTime   = "request_timeout"
	limitWriteTime     = "write_timeout"
)

// limitOf is the limit behind the status that a head was refused with.
func limitOf(status int) string {
	if status == http.StatusRequestHeaderFieldsTooLarge {
		return limitRequestHeader
	}
	return ""
}
