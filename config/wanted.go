package config

import (
	"reflect"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// mismatch says that v cannot be decoded from a node, and what it can be
// decoded from.
func mismatch(n *yaml.Node, v reflect.Value) string {
	return "must be " + wanted(v) + ", not " + kindOf(n)
}

// wanted says what v can be decoded from.
func wanted(v reflect.Value) string {
	switch v.Type() {
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[int]():
		return "a whole number"
	case reflect.TypeFor[float64]():
		return "a number"
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 2s"
	case reflect.TypeFor[Interval]():
		return "a duration such as 2s, or {min: 500ms, max: 30s}"
	case reflect.TypeFor[Size]():
		return "a size such as 10MiB"
	case reflect.TypeFor[Rate]():
		return "a rate such as 50/s"
	case reflect.TypeFor[Listeners]():
		return "a value or a list of values"
	case reflect.TypeFor[Listener]():
		return "an address such as 127.0.0.1:8080, or {address: ADDRESS, tls: {cert: FILE, key: FILE}}"
	case reflect.TypeFor[KeyPairs](), reflect.TypeFor[KeyPair]():
		return "{cert: FILE, key: FILE}, or a list of them"
	case reflect.TypeFor[Pattern]():
		return "a pattern such as /api/**"
	}
	switch {
	case setter(v) != nil:
		return "a single value"
	case v.Kind() == reflect.Slice:
		return "a list such as [VALUE, VALUE]"
	case v.Kind() == reflect.Map:
		return "names with keys below them"
	default:
		return "keys with values, such as " + keysOf(v.Type())[0] + ": VALUE"
	}
}

// kindOf says what a node is. It does not show a value, which may be secret
// and in the wrong place.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "a single value"
	}
}

// quote shows what stands in the file, in one line of bearable length.
func quote(s string) string {
	const longest = 80
	if len(s) > longest {
		return strconv.Quote(s[:longest]) + "..."
	}
	return strconv.Quote(s)
}
