package proxy

import (
	"maps"
	"slices"
)

// Changes are what another configuration has changed, by name, for those who read a log.
type Changes struct {
	RoutesAdded      []string `json:"routes_added,omitempty"`
	RoutesRemoved    []string `json:"routes_removed,omitempty"`
	RoutesChanged    []string `json:"routes_changed,omitempty"`
	UpstreamsAdded   []string `json:"upstreams_added,omitempty"`
	UpstreamsRemoved []string `json:"upstreams_removed,omitempty"`
	UpstreamsChanged []string `json:"upstreams_changed,omitempty"`

	FeedsKept    int `json:"feeds_kept"`
	FeedsRetired int `json:"feeds_retired"`
}

func changesOf(was, next *rules) (c Changes) {
	c.RoutesAdded, c.RoutesRemoved, c.RoutesChanged = difference(was.byName(), next.byName())
	c.UpstreamsAdded, c.UpstreamsRemoved, c.UpstreamsChanged = difference(was.upstreams, next.upstreams)
	return c
}

func (all *rules) byName() map[string]*route {
	named := make(map[string]*route, len(all.routes))
	for _, r := range all.routes {
		named[r.Name] = r
	}
	return named
}

// difference names what came, what went, and what is another.
func difference[V comparable](was, next map[string]V) (added, removed, changed []string) {
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if former, known := was[name]; !known {
			added = append(added, name)
		} else if former != next[name] {
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, stays := next[name]; !stays {
			removed = append(removed, name)
		}
	}
	return added, removed, changed
}
