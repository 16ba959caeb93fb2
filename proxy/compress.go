package proxy

import (
	"bytes"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// compression is what a route compresses. A length on the wire tells something of
// what was compressed: whoever can put text of his own beside a secret, and make the
// one who may see it ask, finds it out byte by byte (BREACH). So what not everybody
// may see is left as it is, unless the operator vouches for it.
type compression struct {
	whole    *coding.Offer // answers
	frames   *coding.Offer // of streams
	messages *coding.Press // of WebSockets; nil if they are not compressed
	private  bool
	shared   bool // whoever has the key may see the answer
}

func newCompression(r *config.Route, press *coding.Press) compression {
	c := compression{private: r.Compress.Private, shared: r.Share != config.ShareAuthorize}
	var whole, frames []coding.Coding
	for _, name := range r.Compress.Codings {
		is := coding.Parse(string(name))
		if whole = append(whole, is); is.Streams() && r.Compress.Streams {
			frames = append(frames, is)
		}
	}
	c.whole, c.frames = offer(press, whole), offer(press, frames)
	if r.WebSocket.Compress {
		c.messages = press
	}
	return c
}

func offer(press *coding.Press, codings []coding.Coding) *coding.Offer {
	if len(codings) == 0 {
		return nil
	}
	return &coding.Offer{Press: press, Codings: codings}
}

// compresses is what the route compresses for those who have a key.
func (r *route) compresses(to share.Audience) compression {
	if c := r.compression; c.private || c.shared && to == share.Everybody {
		return c
	}
	return compression{}
}

// selects chooses a representation for the client, and reports whether it has that
// already.
func (r *request) selects(u *upgrade.Update) (c coding.Coding, notModified bool) {
	accepted := r.accepts(u)
	if r.head.IsPost() {
		return u.Choose(accepted), false
	}
	return u.Select(accepted, r.have, r.head.Get(head.IfModifiedSince))
}

// knows reports whether the client says that it has the update.
func (r *request) knows(u *upgrade.Update) bool {
	if r.have == nil {
		return false
	}
	_, has := u.Select(r.accepts(u), r.have, nil)
	return has
}

func (r *request) accepts(u *upgrade.Update) coding.Accepted {
	return u.Accepts(r.head.Joined(head.AcceptEncoding))
}

// streamCoding chooses that of a stream, for as long as it lasts.
func (r *request) streamCoding() (coding.Coding, *coding.Press) {
	o := r.route.compresses(r.key.Audience()).frames
	if o == nil {
		return coding.Identity, nil
	}
	accepted := o.Accepts(r.head.Joined(head.AcceptEncoding))
	return accepted.Best(), o.Press
}

// deflates returns what compresses the messages of a WebSocket; nil if the client
// does not offer that in a way that can be accepted, or the route does not take it.
func (r *request) deflates() *coding.Press {
	press := r.route.compresses(r.key.Audience()).messages
	if press == nil || !coding.OffersDeflate(bytes.Join(collect(r.head.Lookup("sec-websocket-extensions")), []byte{','})) {
		return nil
	}
	return press
}

// passed is the value of a field as the origin gets it. Who changes something on the
// condition that it is what he has seen names that by a tag of this proxy's, if he
// has seen it compressed; the origin knows only its own. (A range of what was
// compressed is another matter: that condition is not to be met.)
func (r *request) passed(f *head.Field) []byte {
	if !r.route.coalesces() || !r.isPrecondition(f) {
		return f.Value
	}
	return coding.PlainTags(f.Value)
}

// isPrecondition reports whether a field is a condition on which something is
// changed. If-None-Match may be one, of who does not want to change what he has
// seen; that of who reads is not: the origin's 304 would be about its own tag.
func (r *request) isPrecondition(f *head.Field) bool {
	switch f.Is {
	case head.Harmless:
		return bytes.EqualFold(f.Name, []byte("If-Match"))
	case head.IfNoneMatch:
		return r.writes()
	}
	return false
}
