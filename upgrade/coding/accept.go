package coding

import (
	"bytes"
	"slices"
	"strconv"
)

// Accepted are the codings that a client takes and that it is offered, best first.
// The zero value takes none.
type Accepted struct {
	list  [Codings - 1]Coding
	count uint8
	only  bool // identity is refused
}

// All returns the codings, best first.
func (a *Accepted) All() []Coding { return a.list[:a.count] }

// Best is the coding that the client likes best; Identity if it takes none.
func (a *Accepted) Best() Coding { return a.list[0] }

// Has reports whether the client takes a coding.
func (a *Accepted) Has(c Coding) bool {
	if c == Identity {
		return !a.only
	}
	return slices.Contains(a.All(), c)
}

// weight is what a field says of one coding, in thousandths.
type weight struct {
	q     int
	named bool
}

// weights are those of a whole field.
type weights struct {
	of  [Codings]weight
	any weight // of "*"
}

// Negotiate reads Accept-Encoding (RFC 9110 section 12.5.3), all lines joined, for
// what is offered, in the order in which the server likes it. A client has to ask:
// one without the field would have to take anything, and legacy clients cannot. Of
// what "*" stands for, gzip is what everybody knows. Where nothing is acceptable,
// identity is: an answer that the client may not like is worth more to it than a
// 406.
func Negotiate(field []byte, offered []Coding) (a Accepted) {
	if len(field) == 0 || len(offered) == 0 {
		return a
	}
	w := read(field)
	identity := w.identity()
	var rank [Codings - 1]int
	for i, c := range offered {
		r := w.rank(c, i)
		if r == 0 || r <= identity || int(a.count) == len(rank) {
			continue
		}
		at := int(a.count)
		for ; at > 0 && rank[at-1] < r; at-- {
			rank[at], a.list[at] = rank[at-1], a.list[at-1]
		}
		rank[at], a.list[at] = r, c
		a.count++
	}
	a.only = identity < 0 && a.count > 0
	return a
}

// ranks of codings of the same quality are this far apart from those of another.
const perQuality = 4 * Codings

// rank orders the codings: by quality, then those that are named, then as the
// server likes it. It is 0 if the client does not take it.
func (w *weights) rank(c Coding, place int) int {
	switch {
	case w.of[c].named && w.of[c].q > 0:
		return w.of[c].q*perQuality + 3*Codings - place
	case w.of[c].named || w.any.q == 0:
		return 0
	case c == Gzip:
		return w.any.q*perQuality + 2*Codings
	}
	return w.any.q*perQuality + Codings - place
}

// identity is the rank that a coding has to surpass; below zero if identity is
// refused. Where the field does not name it, it is the last resort.
func (w *weights) identity() int {
	is := w.of[Identity]
	if !is.named && !w.any.named {
		return 0
	}
	q := w.any.q
	if is.named {
		q = is.q
	} else if q > 0 {
		return 0
	}
	if q == 0 {
		return -1
	}
	return q * perQuality
}

// read reads the members of the field. One that cannot be read is no consent.
func read(field []byte) (w weights) {
	for len(field) > 0 {
		var member []byte
		member, field, _ = bytes.Cut(field, []byte{','})
		name, params, _ := bytes.Cut(member, []byte{';'})
		q, ok := quality(params)
		if of := w.named(bytes.TrimSpace(name)); ok && of != nil && (!of.named || q < of.q) {
			*of = weight{q: q, named: true}
		}
	}
	return w
}

// named is the weight of a coding by its name, which may be an old one (RFC 9110
// section 8.4.1.3); nil for one that is not known.
func (w *weights) named(name []byte) *weight {
	if len(name) == 1 && name[0] == '*' {
		return &w.any
	}
	for c, known := range names {
		if bytes.EqualFold(name, []byte(known)) {
			return &w.of[c]
		}
	}
	if bytes.EqualFold(name, []byte("x-gzip")) {
		return &w.of[Gzip]
	}
	return nil
}

// quality reads a weight (RFC 9110 section 12.4.2), in thousandths: 1 if there is
// none.
func quality(params []byte) (thousandths int, ok bool) {
	params = bytes.TrimSpace(params)
	if len(params) == 0 {
		return 1000, true
	}
	name, value, _ := bytes.Cut(params, []byte{'='})
	if !bytes.EqualFold(bytes.TrimSpace(name), []byte{'q'}) {
		return 0, false
	}
	value = bytes.TrimSpace(value)
	if len(value) > len("0.000") || len(bytes.Trim(value, "0123456789.")) > 0 {
		return 0, false
	}
	q, err := strconv.ParseFloat(string(value), 64)
	return int(q*1000 + 0.5), err == nil && q <= 1
}
