package feed

import (
	"slices"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// group is a cache group (RFC 9875 section 2.1): what an origin calls those of its
// answers that change together.
type group struct{ site, name string }

// groups knows which feeds are in which cache groups, and which groups writes have
// invalidated lately: what a poll brings that began before can turn out to be in
// one of these. It is guarded by Feeds.mu.
type groups struct {
	members map[group]map[*Feed]struct{}

	recent, older map[group]time.Time // the last write to each
	turned        time.Time           // when recent became older
	forgotten     time.Time           // there may have been a write to any group until then
}

// maxRecent bounds how many groups recent and older hold each.
const maxRecent = 1000

// LimitGroups is the name of the limit on what is read of a field that names
// groups.
const LimitGroups = "cache_groups"

func newGroups() groups {
	return groups{members: map[group]map[*Feed]struct{}{}, recent: map[group]time.Time{}}
}

// write notes a write to a group, and returns its members.
func (g *groups) write(to group, now time.Time) map[*Feed]struct{} {
	if len(g.recent) >= maxRecent {
		g.forgotten, g.turned = g.turned, now
		g.older, g.recent = g.recent, map[group]time.Time{}
	}
	g.recent[to] = now
	return g.members[to]
}

// writtenSince reports whether there may have been a write to a group since then.
func (g *groups) writtenSince(to group, then time.Time) bool {
	for _, last := range []time.Time{g.recent[to], g.older[to], g.forgotten} {
		if !last.Before(then) {
			return true
		}
	}
	return false
}

func (g *groups) join(f *Feed) {
	for _, name := range f.groups {
		in := group{f.spec.Site, name}
		if g.members[in] == nil {
			g.members[in] = map[*Feed]struct{}{}
		}
		g.members[in][f] = struct{}{}
	}
}

func (g *groups) leave(f *Feed) {
	for _, name := range f.groups {
		in := group{f.spec.Site, name}
		if delete(g.members[in], f); len(g.members[in]) == 0 {
			delete(g.members, in)
		}
	}
}

// regroup puts the feed into the groups that an answer names, which takes the place
// of the one that is known (RFC 9875 section 2). If a write to one of them, which the
// feed was not known to be in, may have overtaken the poll, it is a write to the feed.
func (f *Feed) regroup(fl *flight, l landing) {
	if l.err != nil || l.verdict.Reason != "" || l.response.Status == 304 && !l.response.Header.Has(origin.CacheGroups) {
		return
	}
	names, whole := origin.ParseGroups(l.response.Header, origin.CacheGroups)
	if !whole {
		f.spec.Meter.LimitHit(LimitGroups)
	}
	if !slices.Equal(names, f.groups) && f.set.regroup(f, names, fl.began) {
		f.expire()
		f.set.boundOf(f.spec.Route).refresh(f, time.Now())
	}
}

// regroup reports whether there may have been a write to one of the new groups
// since then.
func (s *Feeds) regroup(f *Feed, names []string, then time.Time) (overtaken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[f.spec.Key] != f {
		return false
	}
	for _, name := range names {
		to := group{f.spec.Site, name}
		if _, already := s.groups.members[to][f]; !already && s.groups.writtenSince(to, then) {
			overtaken = true
		}
	}
	s.groups.leave(f)
	f.groups = names
	s.groups.join(f)
	return overtaken
}
