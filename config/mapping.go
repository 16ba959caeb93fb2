package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// structure decodes a mapping whose keys are the yaml tags of a struct.
func (d *decoder) structure(field string, n *yaml.Node, v reflect.Value) {
	known := keysOf(v.Type())
	d.entries(field, n, v, func(key string, path string, value *yaml.Node) {
		if i := slices.Index(known, key); i >= 0 {
			d.value(path, value, v.Field(i))
			return
		}
		d.unknown(path, key, n, v.Type())
	})
}

// dictionary decodes a mapping whose keys are names.
func (d *decoder) dictionary(field string, n *yaml.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.entries(field, n, v, func(key string, path string, value *yaml.Node) {
		entry := reflect.New(v.Type().Elem()).Elem()
		d.value(path, value, entry)
		v.SetMapIndex(reflect.ValueOf(key), entry)
	})
}

// entries calls decode for each key of a mapping, once, and notes where it
// stands.
func (d *decoder) entries(field string, n *yaml.Node, v reflect.Value, decode func(key, path string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.fault(field, "%s", mismatch(n, v))
		return
	}
	first := map[string]int{}
	for pair := range slices.Chunk(n.Content, 2) {
		key, value := pair[0], pair[1]
		path := child(field, key.Value)
		switch line, again := first[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.note(key.Line, field, "has a key that is "+kindOf(key)+"; a key is plain text")
		case key.ShortTag() == "!!merge":
			// What the merged keys would have been is not known: no rule
			// can say anything about this mapping.
			d.mistaken(field)
			d.note(key.Line, path, "merge keys are not supported; repeat the keys, or use an alias for one whole value")
		case again:
			d.note(key.Line, path, "is given twice, first on line "+strconv.Itoa(line)+"; keep one of them")
		default:
			first[key.Value], d.lines[path] = key.Line, key.Line
			decode(key.Value, path, value)
		}
	}
}

// unknown reports a key of mapping n that a struct does not have.
func (d *decoder) unknown(path, key string, n *yaml.Node, t reflect.Type) {
	known := keysOf(t)
	meant := closest(key, known)
	switch {
	case isLater(t, key):
		d.fault(path, "is not supported by this version; remove it")
	case meant != "":
		d.fault(path, "unknown key; did you mean %q?", meant)
		if !hasKey(n, meant) {
			d.mistaken(child(parent(path), meant))
		}
	default:
		d.fault(path, "unknown key; allowed here: %s", strings.Join(known, ", "))
	}
}

// keysOf returns the keys of a struct, in the order of its fields.
func keysOf(t reflect.Type) []string {
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() { // the others come last
			keys = append(keys, f.Tag.Get("yaml"))
		}
	}
	return keys
}

// hasKey reports whether a mapping contains a key.
func hasKey(n *yaml.Node, key string) bool {
	for pair := range slices.Chunk(n.Content, 2) {
		if pair[0].Value == key {
			return true
		}
	}
	return false
}
