package load

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a transport that holds its clients.
type Kind string

// The kinds of subscribers.
const (
	Longpoll  Kind = "longpoll"
	SSE       Kind = "sse"
	NDJSON    Kind = "ndjson"
	Multipart Kind = "multipart"
	WebSocket Kind = "websocket"
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Longpoll, SSE, NDJSON, Multipart, WebSocket} }

// ParseKinds reads names of kinds.
func ParseKinds(names []string) ([]Kind, error) {
	var kinds []Kind
	for _, name := range names {
		k := Kind(name)
		if !slices.Contains(Kinds(), k) || slices.Contains(kinds, k) {
			return nil, fmt.Errorf("%q is not one more kind of subscriber: choose from %s", name, strings.Trim(fmt.Sprint(Kinds()), "[]"))
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// conversation is a subscriber's side of one kind. open sends what is sent once
// and reads the head of the answer; next blocks until the next snapshot, which
// is good until it is called again.
type conversation interface {
	open() error
	next() (snapshot []byte, err error)
}

// subject is what a conversation is about.
type subject struct {
	host, target string
	fields       string // further lines of the request, each with its end
	asking       func() // called before each long poll, if not nil
}

// converse returns the conversation about a resource.
func (k Kind) converse(c *Conn, about subject) conversation {
	switch k {
	case Longpoll:
		return &longPoll{conn: c, subject: about}
	case WebSocket:
		return &webSocket{conn: c, subject: about}
	}
	s := stream{conn: c, subject: about}
	switch k {
	case SSE:
		return &events{stream: s}
	case NDJSON:
		return &lines{stream: s}
	}
	return &parts{stream: s}
}
