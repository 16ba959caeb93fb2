package config

import (
	"reflect"

	"gopkg.in/yaml.v3"
)

// maxAliased bounds how many values the aliases of a file may repeat. Without
// it, a small file of aliases could stand for any amount of memory.
const maxAliased = 10_000

// decoder fills Go values from YAML nodes: structs by their yaml tags, over
// the defaults that they hold already. What does not fit is a fault, and the
// value keeps its default.
type decoder struct {
	*report
	env lookup

	depth   int // aliases that are being followed
	aliased int // values that were reached through an alias
}

// value decodes n into v, which stands at field.
func (d *decoder) value(field string, n *yaml.Node, v reflect.Value) {
	if fresh := blank(v); fresh.IsValid() {
		v.Set(fresh)
		v = fresh.Elem()
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
		d.depth++
		defer func() { d.depth-- }()
	}
	switch {
	case d.tooMany(field, n):
	case n.Style&yaml.TaggedStyle != 0:
		d.fault(field, "the YAML tag %.40q is not supported; write the value without it", n.Tag)
	case isNull(n):
		d.fault(field, "has no value; write one, or remove the line")
	default:
		d.node(field, n, v)
	}
}

// node decodes a node that holds something.
func (d *decoder) node(field string, n *yaml.Node, v reflect.Value) {
	if set := setter(v); set != nil {
		d.scalar(field, n, v, set)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *Interval:
		d.interval(field, n, p)
		return
	case *Listener:
		d.listener(field, n, p)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(field, n, v)
	case reflect.Map:
		d.dictionary(field, n, v)
	case reflect.Slice:
		d.list(field, n, v)
	default:
		panic("config: no decoder for " + v.Type().String())
	}
}

// tooMany counts a node and reports whether the aliases of the file have
// repeated more than they may. Then no rule says anything about the rest.
func (d *decoder) tooMany(field string, n *yaml.Node) bool {
	if d.depth == 0 || d.aliased > maxAliased {
		return d.depth > 0
	}
	d.aliased += 1 + len(n.Content)
	if d.aliased <= maxAliased {
		return false
	}
	d.fault(field, "the aliases in this file repeat more than %d values; write fewer, or smaller ones", maxAliased)
	d.mistaken("")
	return true
}

// list decodes a sequence or, where that may stand for one, its only entry. It
// replaces the default.
func (d *decoder) list(field string, n *yaml.Node, v reflect.Value) {
	if mayStandAlone(n, v.Type()) {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		d.value(field, n, v.Index(0))
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fault(field, "%s", mismatch(n, v))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, entry := range n.Content {
		d.lines[item(field, i)] = entry.Line
		d.value(item(field, i), entry, v.Index(i))
	}
}

// blank returns a pointer to the defaults that v points to, or the zero Value
// when v is not such a pointer.
func blank(v reflect.Value) reflect.Value {
	switch v.Interface().(type) {
	case *Upstream:
		return reflect.ValueOf(DefaultUpstream())
	case *Route:
		return reflect.ValueOf(DefaultRoute())
	case *Send:
		return reflect.ValueOf(defaultSend())
	default:
		return reflect.Value{}
	}
}

// isNull reports whether a node is an absent value, "null" or "~".
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}
