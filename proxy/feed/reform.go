package feed

import "errors"

// ErrOutdated: the feed that is asked for is none any more by the rules of now.
var ErrOutdated = errors.New("the rules have changed")

// Fate is what becomes of a feed by other rules: the terms under which it lives on, or
// nil if there is to be none like it any more. It is a pure function of what it looks
// at of the Spec, and must not block: it may be called while all of the live set waits.
type Fate func(*Spec) *Terms

// Reform puts the live set under other rules, of an era that is later than all before.
// Feeds that have a place in them live on, with what they have and who holds them.
// The others are retired: from the moment that Reform returns nobody gets one, and
// those who hold one are told to connect again (upgrade.ErrReloaded). It returns how
// many there are of each.
func (s *Feeds) Reform(era uint64, limits Limits, fate Fate) (kept, retired int) {
	known := map[*Feed]*Terms{} // most of it beforehand, while nobody waits
	for _, f := range s.all() {
		known[f] = fate(f.spec)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era, s.fate = era, fate
	s.limits.Store(&limits)
	for _, f := range s.live {
		terms, judged := known[f]
		if !judged {
			terms = fate(f.spec)
		}
		if terms == nil {
			s.retireLocked(f, false)
			f.dismiss()
			retired++
			continue
		}
		f.offer(terms)
	}
	s.shrinkLocked()
	return len(s.live), retired
}

// shrinkLocked ends unwanted feeds until no more are live than may be, as far as it
// can.
func (s *Feeds) shrinkLocked() {
	limits := s.limits.Load()
	for limits.Feeds > 0 && len(s.live) > limits.Feeds && s.evictLocked() {
	}
	for limits.Bytes > 0 && s.bytes.Load() > limits.Bytes && s.evictLocked() {
	}
}

// AcquireIn is Acquire for who goes by the rules of an era. One that is over may end
// in ErrOutdated: what is acquired is in any case a feed by the rules of now.
func (s *Feeds) AcquireIn(era uint64, key []byte, spec func() *Spec) (*Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if era >= s.era {
		return s.acquireLocked(key, spec)
	}
	own := spec()
	terms := s.fate(own)
	if terms == nil {
		return nil, ErrOutdated
	}
	own.Terms = terms
	return s.acquireLocked(key, func() *Spec { return own })
}

// successorLocked is the Spec of a feed that takes the place of another one; nil if
// there is to be none.
func (s *Feeds) successorLocked(f *Feed) *Spec {
	next := *f.spec
	next.Terms = f.terms.Load()
	if s.fate != nil {
		next.Terms = s.fate(f.spec)
	}
	if next.Terms == nil {
		return nil
	}
	return &next
}
