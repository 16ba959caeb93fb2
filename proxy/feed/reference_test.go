package feed

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// reference is a second, slow opinion on whether two bodies are the same but
// for what some pointers point to. It shares nothing with essence, and uses no
// library for JSON.
func reference(a, b string, ignore []string) bool {
	docA, okA := referenceParse(a)
	docB, okB := referenceParse(b)
	if len(ignore) == 0 || !okA || !okB {
		return a == b
	}
	return sameOutside(docA, docB, "", ignore)
}

// sameOutside walks two documents. at is the pointer to where it is, escaped.
func sameOutside(a, b any, at string, ignore []string) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && sameMembers(a, b, at, ignore) && sameMembers(b, a, at, ignore)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if next := at + "/" + strconv.Itoa(i); !slices.Contains(ignore, next) && !sameOutside(a[i], b[i], next, ignore) {
				return false
			}
		}
		return true
	}
	return a == b
}

func sameMembers(a, b map[string]any, at string, ignore []string) bool {
	for name, value := range a {
		next := at + "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		if slices.Contains(ignore, next) {
			continue
		}
		if other, ok := b[name]; !ok || !sameOutside(value, other, next, ignore) {
			return false
		}
	}
	return true
}

// number is a JSON number as it is written.
type number string

// slowParser reads RFC 8259, letter by letter. What is wrong panics.
type slowParser struct {
	rest  string
	depth int
}

type notJSON struct{}

// referenceParse reports false for what is no JSON, or not well-formed Unicode.
func referenceParse(s string) (doc any, ok bool) {
	if !utf8.ValidString(s) {
		return nil, false
	}
	defer func() {
		switch p := recover().(type) {
		case nil, notJSON:
		default:
			panic(p)
		}
	}()
	p := slowParser{rest: s}
	doc = p.value()
	p.space()
	return doc, p.rest == ""
}

func (p *slowParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take takes s off the rest, if that is what comes.
func (p *slowParser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	p.rest = rest
	return ok
}

func (p *slowParser) need(ok bool) {
	if !ok {
		panic(notJSON{})
	}
}

func (p *slowParser) value() any {
	p.space()
	switch {
	case p.take("null"):
		return nil
	case p.take("true"):
		return true
	case p.take("false"):
		return false
	case p.take("{"):
		return p.object()
	case p.take("["):
		return p.array()
	case strings.HasPrefix(p.rest, `"`):
		return p.text()
	}
	return p.number()
}

// deeper refuses what encoding/json finds too deep.
func (p *slowParser) deeper() func() {
	p.depth++
	p.need(p.depth <= 10000)
	return func() { p.depth-- }
}

func (p *slowParser) object() any {
	defer p.deeper()()
	members := map[string]any{}
	for p.space(); !p.take("}"); p.space() {
		if len(members) > 0 {
			p.need(p.take(","))
			p.space()
		}
		name := p.text()
		p.space()
		p.need(p.take(":"))
		members[name] = p.value()
	}
	return members
}

func (p *slowParser) array() any {
	defer p.deeper()()
	items := []any{}
	for p.space(); !p.take("]"); p.space() {
		if len(items) > 0 {
			p.need(p.take(","))
		}
		items = append(items, p.value())
	}
	return items
}

func (p *slowParser) text() string {
	p.need(p.take(`"`))
	var units []uint16
	for !p.take(`"`) {
		p.need(p.rest != "" && p.rest[0] >= ' ')
		if p.rest[0] == '\\' {
			units = append(units, p.escape())
			continue
		}
		r, n := utf8.DecodeRuneInString(p.rest)
		units = utf16.AppendRune(units, r)
		p.rest = p.rest[n:]
	}
	return wellFormed(units, p)
}

// wellFormed puts the halves of characters together.
func wellFormed(units []uint16, p *slowParser) string {
	var b strings.Builder
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			p.need(i+1 < len(units) && utf16.DecodeRune(r, rune(units[i+1])) != utf8.RuneError)
			r = utf16.DecodeRune(r, rune(units[i+1]))
			i++
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *slowParser) escape() uint16 {
	p.need(len(p.rest) >= 2)
	c := p.rest[1]
	p.rest = p.rest[2:]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return uint16("\"\\/\b\f\n\r\t"[i])
	}
	p.need(c == 'u' && len(p.rest) >= 4)
	unit, err := strconv.ParseUint(p.rest[:4], 16, 16)
	p.need(err == nil && p.rest[0] != '+')
	p.rest = p.rest[4:]
	return uint16(unit)
}

func (p *slowParser) number() any {
	before := p.rest
	p.take("-")
	if !p.take("0") {
		p.need(p.digits())
	}
	if p.take(".") {
		p.need(p.digits())
	}
	if p.take("e") || p.take("E") {
		_ = p.take("+") || p.take("-")
		p.need(p.digits())
	}
	return number(before[:len(before)-len(p.rest)])
}

func (p *slowParser) digits() bool {
	rest := strings.TrimLeft(p.rest, "0123456789")
	some := len(rest) < len(p.rest)
	p.rest = rest
	return some
}
