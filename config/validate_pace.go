package config

import (
	"reflect"
	"time"
)

// interval checks the pace of polls. In a file, a fixed one is a single value.
func (v *validator) interval(field string, i Interval) {
	const shortest, longest = 10 * time.Millisecond, 24 * time.Hour
	least, most := field+".min", field+".max"
	if _, mapped := v.lines[least]; i.Fixed() && !mapped {
		v.atLeast(field, i.Min, shortest)
		return
	}
	v.atLeast(least, i.Min, shortest)
	v.atLeast(most, i.Max, shortest)
	switch {
	case i.Max > longest:
		v.wrong(most, "%v is too long; at most 24h is allowed", i.Max)
	case !v.sound(field):
	case i.Fixed():
		v.wrong(field, "min and max are both %v, which is a fixed pace; write interval: %[1]v", i.Min)
	case i.Min > i.Max:
		v.wrong(most, "%v is below min, which is %v; raise it, or lower that", i.Max, i.Min)
	}
}

// weight checks how much the subscribers of a route count.
func (v *validator) weight(route string, r *Route) {
	field := route + ".weight"
	if !(r.Weight > 0 && r.Weight <= 1e6) { // NaN is neither
		v.wrong(field, "%s is out of range; more than 0 and at most 1000000 is allowed", formatDecimal(r.Weight))
	}
	if v.given(field, reflect.ValueOf(r.Weight), reflect.ValueOf(DefaultRoute().Weight)) && v.unpaced(route, r) {
		v.wrong(field, noEffectUnpaced, r.Upstream)
	}
}

// changedAt checks where a body says when it changed.
func (v *validator) changedAt(route string, r *Route) {
	field := route + ".changed_at"
	if r.ChangedAt == "" {
		return
	}
	v.pointer(field, r.ChangedAt)
	if v.unpaced(route, r) {
		v.wrong(field, noEffectUnpaced, r.Upstream)
	}
}

const noEffectUnpaced = "has no effect with a fixed interval and no budget; remove it, or write interval as {min, max}, or give upstream %s a budget"

// unpaced reports whether a route's pace is fixed, no budget changes it, and
// that is what was meant.
func (v *validator) unpaced(route string, r *Route) bool {
	u, upstream := v.config.Upstreams[r.Upstream], child("upstreams", r.Upstream)
	fixed := r.Interval.Fixed() && v.sound(route+".interval")
	return fixed && u != nil && u.Budget == 0 && v.sound(route+".upstream") && v.whole(upstream) && v.sound(upstream+".budget")
}

// budget checks how many polls an upstream may get.
func (v *validator) budget(field, name string, b Rate) {
	switch {
	case b == 0:
	case !b.inRange():
		v.wrong(field, "%v is out of range; %s", b, allowedRates)
	case v.unpolled(name):
		v.wrong(field, "has no effect where every route has mode: pass, since it counts polls only; remove it")
	}
}

// unpolled reports whether all routes of an upstream pass everything through,
// and meant to.
func (v *validator) unpolled(name string) bool {
	passed := false
	for i, r := range v.config.Routes {
		field := item("routes", i)
		if r == nil || !v.sound(field+".upstream") || !v.sound(field+".mode") || v.config.Upstreams[r.Upstream] == nil {
			return false // it may have meant this one
		}
		if r.Upstream == name && r.Mode != ModePass {
			return false
		}
		passed = passed || r.Upstream == name
	}
	return passed && v.whole("routes")
}
