package share

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// Ask is what of a request pollmux reads itself, so that it is neither in the
// key nor on the wire.
type Ask struct {
	// Accept was read to choose a stream: the poll asks for anything.
	Accept bool

	// Origin was checked for a WebSocket, which needs no CORS answer.
	Origin bool

	// Query names parameters that were read.
	Query []string

	// Trusted is whether the request comes from one of trusted_proxies, so
	// that what it says of its way may be believed.
	Trusted bool

	// Secure is whether the client speaks TLS with us, and nobody is between who
	// would say so: X-Forwarded-Proto is https then, where it is in the key.
	Secure bool

	// Body is that of a POST, whole. It is not kept.
	Body []byte
}

// MaxBody is the largest body that can be part of a key, in bytes.
const MaxBody = 64 << 10

// Key is a request's key, and what the poll for it sends. The zero value is
// ready; a Key may be made again and again, and does not outlive the request it
// was made from but for copies of Bytes and Request.
type Key struct {
	policy   *Policy
	vary     *Vary
	host     []byte
	target   []byte
	post     bool
	body     []byte // of a POST
	lines    []line
	own      []line   // credentials that were left out
	audience Audience // Everybody unless some line is an identity

	bytes    []byte
	identity []byte
	scratch  []byte   // backs what is not as the client sent it
	params   [][]byte // for cleanTarget
}

// line is one field line that is part of the key.
type line struct {
	name, value []byte
	class       class
}

// Make makes the key of a coalescable request. It allocates nothing once the
// Key has grown to its size.
func (p *Policy) Make(k *Key, h *head.Head, ask Ask) {
	k.policy, k.vary = p, p.Vary()
	k.lines, k.own, k.scratch, k.bytes = k.lines[:0], k.own[:0], k.scratch[:0], k.bytes[:0]
	k.audience = Everybody
	k.host, k.post, k.body = h.Host, h.IsPost(), nil
	if k.post {
		k.body = ask.Body
	}
	k.target = k.cleanTarget(h, ask.Query)
	k.collect(h, ask)
	sortLines(k.lines)
	sortLines(k.own)
	k.encode()
}

func sortLines(lines []line) {
	if len(lines) > 1 {
		slices.SortStableFunc(lines, compareLines)
	}
}

// Bytes is the key: equal for two requests exactly when their polls are. It may
// be kept in memory and compared; for anything else, hash it.
func (k *Key) Bytes() []byte { return k.bytes }

// Audience is who has this key: more than Everybody if it holds an identity.
func (k *Key) Audience() Audience { return k.audience }

// Withheld reports whether the request has credentials that the poll, being
// everybody's, will not have.
func (k *Key) Withheld() bool { return len(k.own) > 0 }

// Lacks reports whether the request has no credentials, where each needs some.
func (k *Key) Lacks() bool { return k.policy.needs && k.audience == Everybody }

// Vary is the set of learned fields that the key was made with.
func (k *Key) Vary() *Vary { return k.vary }

// Current reports whether nothing was learned since the key was made. An answer
// may be given to the request only if it was current after the answer was
// looked up.
func (k *Key) Current() bool { return k.policy.Vary() == k.vary }

// Keyed names the fields of the key by which clients are told apart that ask for
// the same: an origin seldom says that its answer depends on these.
func (k *Key) Keyed() (names []string) {
	for i := range k.lines {
		switch head.Lookup(k.lines[i].name) {
		case head.Origin:
			names = append(names, "Origin")
		case head.AcceptLanguage:
			names = append(names, "Accept-Language")
		}
	}
	return names
}

// Identity is the keyed hash of who is asking, nil without any credentials. It
// is the same for the reads and the writes of one client, of which only the
// latter prove that they are meant: their keys differ.
func (k *Key) Identity() []byte {
	if k.audience == Everybody {
		return nil
	}
	return k.identity
}

// Target is the resource that the poll asks for, as host and request target:
// the same for all keys of one URL.
func (k *Key) Target() string { return string(k.hostSent()) + string(k.target) }

// collect gathers the lines of the key.
func (k *Key) collect(h *head.Head, ask Ask) {
	reader := wantsPage(h)
	for i := range h.Fields {
		f := &h.Fields[i]
		c, _ := k.policy.classify(f, k.vary, ask.Trusted, reader)
		if c == out || ask.Secure && isScheme(f) {
			continue
		}
		if value := k.value(h, i, ask); len(value) > 0 { // empty is as good as not there
			k.add(f, line{name: f.Name, value: value, class: c})
		}
	}
	if ask.Secure {
		k.scheme(reader)
	}
}

// scheme is the field that tells the origin of TLS that ends here.
func (k *Key) scheme(reader bool) {
	f := head.Field{Name: []byte("X-Forwarded-Proto"), Value: []byte("https"), Is: head.Forwarding}
	if c, _ := k.policy.classify(&f, k.vary, true, reader); c != out {
		k.add(&f, line{name: f.Name, value: f.Value, class: c})
	}
}

func isScheme(f *head.Field) bool {
	return f.Is == head.Forwarding && strings.EqualFold(string(f.Name), "X-Forwarded-Proto")
}

// wantsPage reports whether a client asks for what a person reads.
func wantsPage(h *head.Head) bool {
	return bytes.Contains(h.Joined(head.Accept), []byte("text/html"))
}

func (k *Key) add(f *head.Field, l line) {
	if l.class == withheld {
		k.own = append(k.own, l)
		return
	}
	k.lines = append(k.lines, l)
	if l.class == identity {
		k.audience = max(k.audience, k.policy.audienceOf(f, l.value))
	}
}

// value returns what counts of a field line, empty if nothing does. The lines of
// a list are one value, which its first line stands for; those of Cookie are not
// a list (RFC 6265 section 5.4), and stay apart.
func (k *Key) value(h *head.Head, i int, ask Ask) []byte {
	switch f := &h.Fields[i]; f.Is {
	case head.Cookie:
		return k.cookieValue(f.Value)
	case head.Accept:
		if ask.Accept || !isFirst(h, i) {
			return nil
		}
		return acceptValue(h.Joined(head.Accept))
	case head.Prefer:
		if !isFirst(h, i) {
			return nil
		}
		return k.preferValue(h.Joined(head.Prefer))
	case head.Origin:
		if ask.Origin && !k.policy.keyed["origin"] {
			return nil
		}
		return f.Value
	default:
		return f.Value
	}
}

// isFirst reports whether a line is the first of its field.
func isFirst(h *head.Head, i int) bool {
	for j := range i {
		if h.Fields[j].Is == h.Fields[i].Is {
			return false
		}
	}
	return true
}

// acceptValue makes "anything" of every way to say so. Whoever asks for
// something particular is asked for it by name: an origin may choose without
// saying Vary.
func acceptValue(accept []byte) []byte {
	if len(accept) == 0 || string(accept) == "*/*" {
		return nil
	}
	return accept
}
