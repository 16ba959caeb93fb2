package observe

import (
	"bytes"
	"slices"

	"github.com/pollmux/pollmux/proxy/head"
)

// maxTraits is how many things of one request are compared. Those that say who
// is asking come first.
const maxTraits = 32

// kind is where in a request a trait is, in the order in which one that
// separates as well as another is the likelier reason.
type kind uint8

const (
	credential kind = iota
	cookie
	header
	query
	address
	connection
)

// String is the kind in reports.
func (k kind) String() string {
	return [...]string{"header", "cookie", "header", "query", "address", "connection"}[k]
}

// trait is something of a request that an origin could decide by. Its text is
// the request's own.
type trait struct {
	field
	kind kind
	text []byte
}

// field is what is kept of a trait: hashes of its name, with its kind, and of its
// value.
type field struct{ name, value uint32 }

// traits are those of one request, by the hash of the name.
type traits struct {
	observer *Observer
	all      [maxTraits]trait
	n        int
}

// collect finds the traits of a request.
func (t *traits) collect(o *Observer, h *head.Head, c Client) {
	t.observer = o
	var buf [128]byte
	t.add(connection, nil, c.Peer.AppendTo(buf[:0]))
	t.add(address, nil, append(append(c.Peer.Addr().AppendTo(buf[:0]), '\n'), c.Way...))
	for _, credentials := range []bool{true, false} {
		for i := range h.Fields {
			if f := &h.Fields[i]; (f.Is == head.Credential || f.Is == head.Cookie) == credentials {
				t.addField(f, c.Trusted)
			}
		}
	}
	for rest := h.Query; len(rest) > 0; {
		var param []byte
		param, rest, _ = bytes.Cut(rest, []byte{'&'})
		t.addPair(query, param)
	}
	slices.SortFunc(t.all[:t.n], func(a, b trait) int { return int(int64(a.name) - int64(b.name)) })
}

func (t *traits) addField(f *head.Field, trusted bool) {
	switch {
	case f.Is == head.Cookie:
		for rest := f.Value; len(rest) > 0; {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, []byte{';'})
			t.addPair(cookie, bytes.TrimSpace(pair))
		}
	case f.Is == head.Credential:
		t.add(credential, f.Name, f.Value)
	case !isAside(f, trusted):
		t.add(header, f.Name, f.Value)
	}
}

// addPair adds a cookie or a parameter. One without a value may be nothing but a
// value.
func (t *traits) addPair(k kind, pair []byte) {
	name, value, ok := bytes.Cut(pair, []byte{'='})
	switch {
	case len(pair) == 0:
	case ok:
		t.add(k, name, value)
	default:
		t.add(k, nil, pair)
	}
}

// add adds a trait. Those of one name are one.
func (t *traits) add(k kind, name, value []byte) {
	f := field{name: t.observer.nameHash(k, name), value: t.observer.hash(value)}
	for i := range t.all[:t.n] {
		if t.all[i].name == f.name {
			t.all[i].value = t.all[i].value*31 + f.value
			return
		}
	}
	if t.n < maxTraits {
		t.all[t.n] = trait{field: f, kind: k, text: name}
		t.n++
	}
}

// nameHash folds the names of header fields, which come in any case.
func (o *Observer) nameHash(k kind, name []byte) uint32 {
	var buf [64]byte
	b := append(buf[:0], byte(k))
	for _, c := range name {
		if k == header || k == credential {
			c = folded(c)
		}
		b = append(b, c)
	}
	return o.hash(b)
}

func folded(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	case c == '_':
		return '-'
	}
	return c
}

// fields are what is kept.
func (t *traits) fields() []field {
	fields := make([]field, t.n)
	for i := range fields {
		fields[i] = t.all[i].field
	}
	return fields
}

// diverge calls f for each name whose values differ. A name that is not there has
// the value 0.
func diverge(a, b []field, f func(name uint32)) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].name < b[0].name:
			f(a[0].name)
			a = a[1:]
		case len(a) == 0 || b[0].name < a[0].name:
			f(b[0].name)
			b = b[1:]
		default:
			if a[0].value != b[0].value {
				f(a[0].name)
			}
			a, b = a[1:], b[1:]
		}
	}
}
