package feed

import (
	"maps"
	"slices"
)

// Refresh says that the feeds that match may have changed, as somebody knows who
// sent no write through here: nothing that was polled before answers a poll from
// now on, and those that are held are polled at once. It returns how many match.
// Feeds go on coming and going meanwhile.
func (s *Feeds) Refresh(match func(route, target string) bool) int {
	named := slices.DeleteFunc(s.all(), func(f *Feed) bool { return !match(f.spec.Route, f.spec.Target) })
	for _, f := range named {
		f.expire()
	}
	for _, f := range named {
		f.show()
	}
	return len(named)
}

// all are the live feeds of this moment.
func (s *Feeds) all() []*Feed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.AppendSeq(make([]*Feed, 0, len(s.live)), maps.Values(s.live))
}

// show is hurry for a change that nobody waits to see the effect of. A poll under
// way goes on, and subscribers are told what it brings: however many refreshes come
// meanwhile, one more poll follows, and none is wasted.
func (f *Feed) show() {
	f.refreshes.Add(1)
	f.nudge()
}
