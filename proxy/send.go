package proxy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/journal"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

// sender turns the messages of one WebSocket into requests to the origin, with
// the credentials of its handshake: the full-duplex half in front of an origin
// that knows only HTTP. A message is sent once, and never again.
type sender struct {
	proxy    *Proxy
	route    *route
	feed     *feed.Feed
	write    write  // that each message is
	named    bool   // the head has an X-Request-Id
	head     []byte // up to the fields about the body
	identity string // who writes
}

// sender returns what takes the messages, nil if the route has no use for them.
func (p *Proxy) sender(r *request, s *subscription) func(upgrade.Message) error {
	send := r.route.WebSocket.Send
	if send == nil {
		return nil
	}
	target := []byte(send.Path)
	path, _, _ := bytes.Cut(target, []byte{'?'})
	out := &sender{
		proxy: p, route: r.route, feed: s.feed, head: p.appendSent(nil, r, send.Method, send.Path), identity: string(r.key.Identity()),
		write: write{method: send.Method, host: bytes.Clone(r.head.Host), path: path, target: target, known: r.route.upstream.knownAs(&r.head), site: r.route.site(&r.head)},
	}
	out.named = slices.ContainsFunc(r.head.Fields, func(f head.Field) bool { return isRequestID(&f) })
	return out.send
}

// appendSent writes the head of such a request up to the fields about its body:
// what the same client would have sent in a request of its own.
func (p *Proxy) appendSent(b []byte, r *request, method, target string) []byte {
	b = append(append(append(b, method...), ' '), target...)
	b = append(r.route.upstream.appendHost(append(b, " HTTP/1.1\r\nHost: "...), &r.head), "\r\n"...)
	for i := range r.head.Fields {
		f := &r.head.Fields[i]
		switch f.Is {
		case head.WebSocket, head.IfNoneMatch, head.IfModifiedSince, head.Prefer, head.CacheControl:
			continue
		}
		if passes(&r.head, f) && !bytes.EqualFold(f.Name, []byte("Content-Type")) {
			b = appendLine(b, f.Name, f.Value)
		}
	}
	return p.appendForwarding(b, &r.head, p.peerOf(r))
}

// send sends one message and waits for the answer to it. A refusal closes the
// socket: a bare one has no other way to be told.
func (s *sender) send(m upgrade.Message) error {
	s.route = s.proxy.current(s.route) // whose origin may have moved
	s.route.account.Requested(upgrade.Pass)
	s.route.account.Passed()
	began, number := time.Now(), newNumber()
	resp, err := s.do(m, number)
	s.tell(began, number, resp)
	if err != nil {
		s.route.account.PassFailed()
		if !origin.Unsent(err) {
			s.refresh(nil)
		}
		return &upgrade.CloseError{Code: upgrade.CloseBroken, Reason: s.label() + ": " + problemOf(err).Detail}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, prefetched)
	_ = resp.Body.Close()
	if resp.Status >= http.StatusBadRequest {
		return s.refused(resp.Status)
	}
	s.refresh(resp)
	return nil
}

// tell tells of a message as of a request of its own.
func (s *sender) tell(began time.Time, number uint64, resp *origin.Response) {
	w := s.proxy.witness.Load()
	if w == nil || w.access == nil {
		return
	}
	status := cmp.Or(statusOf(resp), http.StatusBadGateway)
	n := &note{proxy: s.proxy, picked: w.access.Pick(), entry: journal.Entry{
		Began: began, ID: string(appendNumber(nil, number)), Method: s.write.method, Host: string(s.write.host), Path: string(s.write.path),
		Route: s.route.Name, Upstream: s.route.Upstream, Transport: upgrade.Pass.String(), Answer: answerPass, Reason: reasonMessage,
	}}
	n.end(status, 0)
}

// reasonMessage is why a message of a WebSocket is passed on.
const reasonMessage = "websocket-message"

func (s *sender) do(m upgrade.Message, number uint64) (*origin.Response, error) {
	b := appendLine(bytes.Clone(s.head), "Content-Type", contentType(m))
	b = appendLine(b, "Content-Length", strconv.Itoa(len(m.Data)))
	if !s.named {
		b = appendLine(b, requestIDField, appendNumber(nil, number))
	}
	timeout := s.route.upstream.Timeout
	ctx, cancel := context.WithTimeout(context.Background(), 2*timeout)
	defer cancel()
	resp, err := s.route.upstream.passes.Do(ctx, &origin.Request{
		Method: s.write.method, Head: append(b, "\r\n"...), Timeout: timeout,
		Body: bytes.NewReader(m.Data), Length: int64(len(m.Data)), Abandon: func() {},
	})
	return resp, err
}

func (s *sender) refused(status int) error {
	code := upgrade.ClosePolicy
	if status >= http.StatusInternalServerError {
		code = upgrade.CloseBroken
	}
	return &upgrade.CloseError{Code: code, Reason: fmt.Sprintf("%s: the origin answers %d", s.label(), status)}
}

func (s *sender) label() string { return s.write.method + " " + string(s.write.path) }

// refresh shows the message's effect, on the same socket and elsewhere. Without a
// response it is not known whether there was any.
func (s *sender) refresh(resp *origin.Response) {
	x := s.write
	x.resp = resp
	s.proxy.written(s.proxy.rules.Load(), &x, &feed.Write{Targets: x.targets(x.known + string(x.target)), Identity: s.identity, Own: s.feed})
}

// contentType guesses what a message is, as its sender would have said.
func contentType(m upgrade.Message) string {
	switch {
	case !m.Text:
		return "application/octet-stream"
	case json.Valid(m.Data):
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}
