package config

import (
	"reflect"
	"time"

	"gopkg.in/yaml.v3"
)

// Interval is the pace of upstream polls, from beginning to beginning: fixed,
// written as one duration, or adapted to what changes between two bounds,
// written as {min: 500ms, max: 30s}.
type Interval struct {
	// Min is the shortest time between two polls. At least 10ms.
	Min time.Duration `yaml:"min"`

	// Max is the longest, where somebody is held. At most 24h; where the pace
	// is fixed it is Min, whatever that is.
	Max time.Duration `yaml:"max"`
}

// Every returns the fixed interval d.
func Every(d time.Duration) Interval { return Interval{Min: d, Max: d} }

// Fixed reports whether nothing adapts.
func (i Interval) Fixed() bool { return i.Min == i.Max }

// interval decodes one duration, or a mapping with both bounds.
func (d *decoder) interval(field string, n *yaml.Node, i *Interval) {
	if n.Kind == yaml.ScalarNode {
		d.value(field, n, reflect.ValueOf(&i.Min).Elem())
		i.Max = i.Min
		return
	}
	d.structure(field, n, reflect.ValueOf(i).Elem())
	for _, key := range keysOf(reflect.TypeFor[Interval]()) {
		if n.Kind == yaml.MappingNode && !hasKey(n, key) {
			d.wrong(child(field, key), "is missing; write both as {min: 500ms, max: 30s}, or one duration such as 2s for a fixed pace")
		}
	}
}
