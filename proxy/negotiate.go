package proxy

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// negotiate chooses the transport and takes out of the request what pollmux
// reads itself.
func (p *Proxy) negotiate(r *request) *problem {
	wish := upgrade.Wish{
		WebSocket: r.head.IsWebSocket(), Accept: r.head.Joined(head.Accept), Prefer: r.head.Joined(head.Prefer),
	}
	if name := r.route.WaitQuery; name != "" {
		wish.Wait = queryValue(r.head.Query, name)
	}
	if name := r.route.TransportQuery; name != "" {
		wish.Transport = queryValue(r.head.Query, name)
	}
	var ok bool
	if r.choice, ok = upgrade.Negotiate(wish, r.route.serve); !ok {
		return notServed(r.choice.Transport)
	}
	if r.head.IsHead() || r.head.IsPost() && r.choice.Transport == upgrade.Longpoll {
		// Nobody is held for a head, and there is no 304 for a POST to end a
		// hold with (RFC 9110 section 13.1.2).
		r.choice = upgrade.Choice{Transport: upgrade.Poll, Accept: r.choice.Accept}
	}
	r.ask = share.Ask{
		Body:   r.collected,
		Accept: r.choice.Accept, Origin: r.choice.Transport == upgrade.WebSocket, Query: r.route.reads,
		Trusted: r.trustsPeer(),
		Secure:  r.isSecure(),
	}
	r.have = r.head.Joined(head.IfNoneMatch)
	if r.head.IsPost() {
		r.have = nil
	} else if name := r.route.WaitQuery; name != "" && r.have == nil {
		r.have = quoted(queryValue(r.head.Query, name+"_etag"))
	}
	if r.choice.Transport == upgrade.WebSocket {
		return p.checkHandshake(r)
	}
	if r.choice.Transport == upgrade.SSE {
		r.ask.Query = append(r.ask.Query[:len(r.ask.Query):len(r.ask.Query)], lastEventParam)
	}
	return nil
}

// lastEventParam names the version that an EventSource has, where it cannot set
// a header.
const lastEventParam = "last_event_id"

// notServed refuses a transport that the route leaves out.
func notServed(t upgrade.Transport) *problem {
	if t == upgrade.WebSocket {
		return newProblem(http.StatusUpgradeRequired, "this route is not served over WebSocket").with("Upgrade", "HTTP/1.1").with("Connection", "Upgrade")
	}
	if t == upgrade.Pass {
		return newProblem(http.StatusNotAcceptable, "the parameter of transport_query takes poll, longpoll, sse, ndjson or multipart")
	}
	return newProblem(http.StatusNotAcceptable, "this route is not served as "+t.String())
}

// queryValue returns the raw value of a parameter, nil if it is not there.
func queryValue(query []byte, name string) []byte {
	for rest := query; len(rest) > 0; {
		var param []byte
		param, rest, _ = bytes.Cut(rest, []byte{'&'})
		if key, value, _ := bytes.Cut(param, []byte{'='}); string(key) == name {
			return value
		}
	}
	return nil
}

// quoted makes an entity tag of a value that may have come without quotes, or
// with encoded ones.
func quoted(value []byte) []byte {
	if value == nil {
		return nil
	}
	if plain, err := url.PathUnescape(string(value)); err == nil {
		value = []byte(plain)
	}
	if bytes.IndexByte(value, '"') >= 0 {
		return value
	}
	return append(append([]byte{'"'}, value...), '"')
}
