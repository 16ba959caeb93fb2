package origin

import (
	"errors"
	"strconv"
	"strings"
)

// Directives are the members of Cache-Control or one of its cousins, by name in
// lower case. A directive without an argument has an empty one.
type Directives map[string]string

// errDirectives is a field that cannot be read: what it forbids is unknown.
var errDirectives = errors.New("malformed cache directives")

// maxDirectives bounds them.
const maxDirectives = 64

// ParseDirectives reads all lines of a field as one list (RFC 9111 section
// 5.2). Of a repeated directive the first counts, except that a shorter age is
// believed over a longer one.
func ParseDirectives(h Header, field string) (Directives, error) {
	d := Directives{}
	for value := range h.Values(field) {
		for rest := value; ; {
			name, argument, tail, err := cutDirective(rest)
			if err != nil || len(d) == maxDirectives {
				return nil, errDirectives
			}
			d.add(strings.ToLower(name), argument)
			if tail == "" {
				break
			}
			rest = tail
		}
	}
	return d, nil
}

func (d Directives) add(name, argument string) {
	if name == "" {
		return
	}
	if old, ok := d[name]; ok {
		a, errA := strconv.ParseUint(old, 10, 31)
		b, errB := strconv.ParseUint(argument, 10, 31)
		if errA != nil || errB != nil || a <= b {
			return
		}
	}
	d[name] = argument
}

// Has reports whether there is a directive of that name.
func (d Directives) Has(name string) bool {
	_, ok := d[name]
	return ok
}

// cutDirective takes the first member, `name`, `name=token` or `name="quoted"`,
// off a list. An empty member has an empty name.
func cutDirective(list string) (name, argument, tail string, err error) {
	list = strings.TrimLeft(list, " \t,")
	end := strings.IndexAny(list, "=,")
	if end < 0 {
		end = len(list)
	}
	name = strings.TrimRight(list[:end], " \t")
	if name != "" && !isToken(name) || name == "" && list != "" {
		return "", "", "", errDirectives
	}
	if end == len(list) || list[end] == ',' {
		return name, "", strings.TrimLeft(list[end:], " \t,"), nil
	}
	argument, tail, err = cutArgument(strings.TrimLeft(list[end+1:], " \t"))
	return name, argument, tail, err
}

// cutArgument takes a token or quoted string, and the comma behind it, off s.
func cutArgument(s string) (argument, tail string, err error) {
	if !strings.HasPrefix(s, `"`) {
		argument, tail, _ = strings.Cut(s, ",")
		if argument = strings.TrimRight(argument, " \t"); argument != "" && !isToken(argument) {
			return "", "", errDirectives
		}
		return argument, strings.TrimLeft(tail, " \t,"), nil
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			tail = strings.TrimLeft(s[i+1:], " \t")
			if tail != "" && tail[0] != ',' {
				return "", "", errDirectives
			}
			return s[1:i], strings.TrimLeft(tail, " \t,"), nil
		}
	}
	return "", "", errDirectives
}
