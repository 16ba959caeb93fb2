package observe

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// names are the traits that were met, by the hash of their names. A lens guards
// them.
type names map[uint32]*tally

// tally is what is known of one trait.
type tally struct {
	kind kind
	text string

	recurs    bool // a value of it came twice: it is not another on each request
	values    [valuesKept]uint32
	met       uint  // values, until one came twice
	separates int64 // proofs in which it had one value with one body, and another with another
	fails     int64 // proofs in which it had the same value with both
	spared    int64 // pairs of equal bodies in which it had different values
}

const (
	maxNames = 128
	maxText  = 64

	// valuesKept is how many values are kept to see whether they come back, the
	// next until the second after it, every second of these until the fourth, and
	// so on.
	valuesKept = 12
)

// meet learns the names of a request's traits. What has not been of any use makes
// room for others.
func (n names) meet(all *traits) {
	for i := range all.all[:all.n] {
		t := &all.all[i]
		known := n[t.name]
		if known == nil {
			if len(n) >= maxNames {
				n.forget()
			}
			known = &tally{kind: t.kind, text: t.kind.label(t.text)}
			n[t.name] = known
		}
		known.meet(t.value)
	}
}

// meet finds out whether values come back.
func (t *tally) meet(value uint32) {
	if t.recurs || slices.Contains(t.values[:], value) {
		t.recurs = true
		return
	}
	t.met++
	t.values[min(bits.TrailingZeros(t.met), valuesKept-1)] = value
}

// forget drops the name that told least, of a few at random: of the useful ones
// there are not many, and a client that invents names must not make it expensive.
func (n names) forget() {
	var least uint32
	looked := 0
	for hash, t := range n {
		if old := n[least]; old == nil || cmp.Or(cmp.Compare(t.separates, old.separates), cmp.Compare(t.spared+t.fails, old.spared+old.fails)) < 0 {
			least = hash
		}
		if looked++; looked == evictionSample {
			break
		}
	}
	delete(n, least)
}

// label is what a trait is called.
func (k kind) label(text []byte) string {
	switch k {
	case address:
		return "client address"
	case connection:
		return "connection"
	}
	return plain(text)
}

// plain is a name as it is reported. What does not look like a name may be a
// value.
func plain(text []byte) string {
	if len(text) == 0 || len(text) > maxText {
		return "(unnamed)"
	}
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ' ':
		default:
			return "(unnamed)"
		}
	}
	return string(text)
}

// who is a hash of everything that comes back when the same client does.
func (n names) who(all *traits) uint32 {
	who := uint32(2166136261)
	for i := range all.all[:all.n] {
		t := &all.all[i]
		if known := n[t.name]; known != nil && known.tells() {
			who = (who ^ t.field.name*31 ^ t.value) * 16777619
		}
	}
	return who
}

// spare notes that a trait differs where bodies do not. It reports whether that
// means that the clients are others.
func (n names) spare(name uint32) bool {
	t := n[name]
	if t == nil || !t.tells() {
		return false
	}
	t.spared++
	return true
}

// tells reports whether a trait can tell that two requests are of one client: it
// is not another on each.
func (t *tally) tells() bool { return t.kind == address || t.recurs && t.kind != connection }

// blame notes which traits were equal whenever the body was, and which were not.
// Where all three values differ, nobody knows.
func (n names) blame(first, between, again []field) {
	for len(first)+len(between)+len(again) > 0 {
		name := min(nameOf(first), nameOf(between), nameOf(again))
		a, b, c := take(&first, name), take(&between, name), take(&again, name)
		t := n[name]
		switch {
		case t == nil:
		case b == a || b == c:
			t.fails++
		case a == c:
			t.separates++
		}
	}
}

// nameOf returns the first name, or the last that there can be.
func nameOf(fields []field) uint32 {
	if len(fields) == 0 {
		return math.MaxUint32
	}
	return fields[0].name
}

// take takes the first value off if it is that of a name; 0 if it is not.
func take(fields *[]field, name uint32) uint32 {
	if len(*fields) == 0 || (*fields)[0].name != name {
		return 0
	}
	value := (*fields)[0].value
	*fields = (*fields)[1:]
	return value
}
